"""What this app publishes. Payloads carry keys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from apps.common.canonical import instant_text


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


@dataclass(frozen=True, slots=True)
class DataWanted:
    """A contract needs grants on channels this company collects; for the collector.

    `channels`: asset → codes. `clause`: dicts of the contract's `ClauseEntry`s. `time_zone`: of days.
    """

    contract: UUID
    grantees: tuple[int, ...]
    channels: dict[UUID, list[str]]
    valid_from: datetime
    valid_until: datetime | None
    clause: tuple[Mapping[str, Any], ...] = ()
    time_zone: str = ""
    name: ClassVar[str] = "contracts.data_wanted"

    @property
    def payload(self) -> dict[str, Any]:
        return {
            "contract": str(self.contract), "grantees": list(self.grantees),
            "channels": {str(asset): sorted(set(codes)) for asset, codes in self.channels.items()},
            "valid_from": instant_text(self.valid_from),
            "valid_until": None if self.valid_until is None else instant_text(self.valid_until),
            "clause": list(self.clause), "time_zone": self.time_zone,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class AssetsLeft:
    """A contract in force does not cover these assets any more; for who collects from them."""

    contract: UUID
    assets: tuple[UUID, ...]
    ends_at: datetime
    name: ClassVar[str] = "contracts.assets_left"

    @property
    def payload(self) -> dict[str, Any]:
        return {
            "contract": str(self.contract), "assets": [str(key) for key in self.assets],
            "ends_at": instant_text(self.ends_at),
        }  # fmt: skip


def keys(texts: Iterable[str]) -> list[UUID]:
    """Keys of a payload."""
    return [UUID(str(text)) for text in texts]
