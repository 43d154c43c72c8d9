"""Terms on money beyond the price: late payment, the deposit, the credit limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.common.quantity import canonical, parse_decimal

MOST_REMINDERS, MOST_DAYS, MOST_POINTS = 3, 365, Decimal(100)
MOST_MINOR = 10**15


@dataclass(frozen=True, slots=True)
class ReminderTerms:
    """A reminder so many days after the due day, its fee in minor units of the contract's currency.

    `with_lump`: with the lump sum that the creditor's law gives, too.
    """

    after_days: int
    fee_minor: int = 0
    with_lump: bool = False

    def to_dict(self) -> dict[str, object]:
        return {
            "after_days": self.after_days, "fee_minor": self.fee_minor,
            "with_lump": self.with_lump,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class DunningTerms:
    """What the contract says about late payment, where it gives the creditor more than the law.

    `points`: percent a year above the reference rate; None: as the law has it. Without levels the
    usual ones hold. The law's own rate stands where it is higher (`apps.billing.domain.dunning`).
    """

    points: Decimal | None = None
    levels: tuple[ReminderTerms, ...] = ()

    def __bool__(self) -> bool:
        return self.points is not None or bool(self.levels)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready; what is not agreed is left out."""
        return {
            **({} if self.points is None else {"points": canonical(self.points)}),
            **({"levels": [level.to_dict() for level in self.levels]} if self.levels else {}),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> "DunningTerms":
        """Of a stored contract; None is nothing agreed."""
        given = data or {}
        points = given.get("points")
        return cls(
            None if points is None else parse_decimal(points),
            tuple(ReminderTerms(**level) for level in given.get("levels", ())),
        )


AS_THE_LAW = DunningTerms()
