"""What this app publishes. Payloads carry keys."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from apps.common.canonical import instant_text
from apps.contracts.domain.uses import Stretch


@dataclass(frozen=True, slots=True)
class ContractEvent:
    """Something happened to one contract."""

    contract: UUID
    name: ClassVar[str] = ""

    @property
    def payload(self) -> dict[str, Any]:
        return {"contract": str(self.contract)}


class ContractOffered(ContractEvent):
    """The customer may look at it and sign."""

    name: ClassVar[str] = "contracts.offered"


@dataclass(frozen=True, slots=True)
class OfferWithdrawn:
    """The customer, who sees nothing of it any more, had an offer with this title; for the customer."""

    contract: UUID
    title: str
    name: ClassVar[str] = "contracts.offer_withdrawn"

    @property
    def payload(self) -> dict[str, Any]:
        return {"contract": str(self.contract), "title": self.title}


class EndedWithNetwork(ContractEvent):
    """The portal has ended it, or taken its offer back, because a side left the network; for the
    provider, in whose name that was done."""

    name: ClassVar[str] = "contracts.ended_with_network"


class ContractSigned(ContractEvent):
    """The customer has signed; for the provider."""

    name: ClassVar[str] = "contracts.signed"


class ContractActivated(ContractEvent):
    """Both have signed the same content; for both."""

    name: ClassVar[str] = "contracts.activated"


class PlanProposed(ContractEvent):
    """The customer may look at new prices and accept them."""

    name: ClassVar[str] = "contracts.plan_proposed"


class PlanAccepted(ContractEvent):
    """The customer has signed the proposed prices; for the provider."""

    name: ClassVar[str] = "contracts.plan_accepted"


class PlanAdopted(ContractEvent):
    """New prices are a plan version; for the provider."""

    name: ClassVar[str] = "contracts.plan_adopted"


class CoverProposed(ContractEvent):
    """The customer may look at assets that are to come and go, and accept; for the customer."""

    name: ClassVar[str] = "contracts.cover_proposed"


class CoverAccepted(ContractEvent):
    """The customer has signed which assets come and go; for the provider."""

    name: ClassVar[str] = "contracts.cover_accepted"


class CoverChanged(ContractEvent):
    """Assets have come or go from a day on; for the provider."""

    name: ClassVar[str] = "contracts.cover_changed"


class TermsOffered(ContractEvent):
    """A partner may look at its terms and sign; for the partner."""

    name: ClassVar[str] = "contracts.terms_offered"


class TermsSigned(ContractEvent):
    """A partner has signed its terms; for the provider."""

    name: ClassVar[str] = "contracts.terms_signed"


class SplitAgreed(ContractEvent):
    """Every partner of a split has signed; for the provider."""

    name: ClassVar[str] = "contracts.split_agreed"


class ContractEndSet(ContractEvent):
    """The contract has another last day; for both and for who collects."""

    name: ClassVar[str] = "contracts.end_set"


class RecipientLeft(ContractEvent):
    """A company that the data clause names has left the network; for the provider."""

    name: ClassVar[str] = "contracts.recipient_left"


class NoticeGiven(ContractEvent):
    """The customer ends the contract as its notice terms allow; for the provider."""

    name: ClassVar[str] = "contracts.notice_given"


class EndProposed(ContractEvent):
    """The other side may look at an end and sign it; for the other side."""

    name: ClassVar[str] = "contracts.end_proposed"


class EndAccepted(ContractEvent):
    """Both have signed an end; for who proposed it."""

    name: ClassVar[str] = "contracts.end_accepted"


@dataclass(frozen=True, slots=True)
class Refused:
    """The other side says no; for who offered. `what`: a value of `Refusal.What`."""

    contract: UUID
    what: str
    name: ClassVar[str] = "contracts.refused"

    @property
    def payload(self) -> dict[str, Any]:
        return {"contract": str(self.contract), "what": str(self.what)}


class TermsRefused(ContractEvent):
    """A partner says no to its terms; for the provider."""

    name: ClassVar[str] = "contracts.terms_refused"


@dataclass(frozen=True, slots=True)
class DataWanted:
    """All that a contract needs of these assets now, for who collects from them.

    `assets`: to each its channels by time, none where it needs nothing any more. `clause`: dicts of the
    contract's `ClauseEntry`s. `time_zone`: of days. `of_hosts`: these are all the hosts of the
    collector that carry something of the contract; `covered`: what it covers for itself.
    """

    contract: UUID
    grantees: tuple[int, ...]
    assets: Mapping[UUID, Sequence[Stretch]]
    clause: tuple[Mapping[str, Any], ...] = ()
    time_zone: str = ""
    of_hosts: bool = False
    covered: tuple[UUID, ...] = ()
    name: ClassVar[str] = "contracts.data_wanted"

    @property
    def payload(self) -> dict[str, Any]:
        return {
            "contract": str(self.contract), "grantees": list(self.grantees),
            "assets": {
                str(asset): [_written(row) for row in rows] for asset, rows in self.assets.items()
            },
            "clause": list(self.clause), "time_zone": self.time_zone, "of_hosts": self.of_hosts,
            "covered": [str(key) for key in self.covered],
        }  # fmt: skip


def _written(row: Stretch) -> list[Any]:
    until = None if row.until is None else instant_text(row.until)
    return [list(row.channels), instant_text(row.start), until]


def keys(texts: Iterable[str]) -> list[UUID]:
    """Keys of a payload."""
    return [UUID(str(text)) for text in texts]
