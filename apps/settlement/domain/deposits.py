"""A customer's deposit: money that stays the customer's until it is given back or drawn."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    ASKED = "asked"
    RECEIVED = "received"
    RETURNED = "returned"
    DRAWN = "drawn"


class DepositRefused(ValueError):
    """Why a step cannot be: `more_than_agreed` or `not_held`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class DepositStanding:
    """Minor units of one contract's deposit."""

    agreed: int
    asked: int = 0
    received: int = 0
    returned: int = 0
    drawn: int = 0

    @property
    def held(self) -> int:
        """What we owe the customer."""
        return self.received - self.returned - self.drawn

    @property
    def missing(self) -> int:
        """What was asked for and never came; what was drawn may be asked for again."""
        return max(self.asked - self.received, 0)

    def after(self, step: Step, minor: int) -> "DepositStanding":
        """Raises DepositRefused. Never more is asked for or held than is agreed."""
        sums = {name: getattr(self, name) for name in ("asked", "received", "returned", "drawn")}
        sums[step] += minor
        moved = DepositStanding(self.agreed, **sums)
        if moved.held > self.agreed or moved.asked - moved.drawn > self.agreed:
            raise DepositRefused("more_than_agreed")
        if moved.held < 0:
            raise DepositRefused("not_held")
        return moved


def standing_of(agreed: int, steps: Iterable[tuple[str, int]]) -> DepositStanding:
    """From what was noted: (step, minor units)."""
    sums = dict.fromkeys(Step, 0)
    for step, minor in steps:
        sums[Step(step)] += minor
    return DepositStanding(agreed, **{step.value: minor for step, minor in sums.items()})
