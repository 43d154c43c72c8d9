"""What this app publishes; for the company itself."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class StandingChanged:
    """What the company may do has changed."""

    before: str
    after: str
    name: ClassVar[str] = "subscriptions.standing_changed"

    @property
    def payload(self) -> dict[str, Any]:
        return {"before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class PaymentReminded:
    """A payment for the plan is missing: the first, second or third reminder."""

    number: int
    read_only_on: str
    name: ClassVar[str] = "subscriptions.payment_reminded"

    @property
    def payload(self) -> dict[str, Any]:
        return {"number": self.number, "read_only_on": self.read_only_on}


@dataclass(frozen=True, slots=True)
class LimitNear:
    """Of something the plan counts hardly any is left, or none."""

    what: str
    name: ClassVar[str] = "subscriptions.limit_near"

    @property
    def payload(self) -> dict[str, Any]:
        return {"what": self.what}


@dataclass(frozen=True, slots=True)
class LeavingAsked:
    """Somebody asked that the company's data be erased."""

    by: str
    erased_on: str
    name: ClassVar[str] = "subscriptions.leaving_asked"

    @property
    def payload(self) -> dict[str, Any]:
        return {"by": self.by, "erased_on": self.erased_on}


@dataclass(frozen=True, slots=True)
class LeavingWithdrawn:
    """The company stays after all."""

    name: ClassVar[str] = "subscriptions.leaving_withdrawn"

    @property
    def payload(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class TrialEnds:
    """The free trial ends within a week."""

    ends_on: str
    name: ClassVar[str] = "subscriptions.trial_ends"

    @property
    def payload(self) -> dict[str, Any]:
        return {"ends_on": self.ends_on}
