"""What a person, a program or a file says about a mounting."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.assets.domain.positions import COUPLING, PositionRule


@dataclass(frozen=True, slots=True)
class HostCounter:
    """A counter or amount channel of a host: what the usage of its components follows."""

    code: str
    title: str
    unit: str
    kind: str


@dataclass(frozen=True, slots=True)
class ShownChannel:
    """A channel as an asset's parties know it. `mark`: `secret`, `personal` or empty."""

    code: str
    title: str
    unit: str
    kind: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """What an asset's parties may know of its type: positions, counted channels, all channels."""

    positions: tuple[PositionRule, ...] = ()
    counters: tuple[HostCounter, ...] = ()
    channels: tuple[ShownChannel, ...] = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Layout":
        return cls(
            tuple(PositionRule.from_dict(row) for row in data.get("positions", ())),
            tuple(HostCounter(**row) for row in data.get("counters", ())),
            tuple(ShownChannel(**row) for row in data.get("channels", ())),
        )

    def position(self, code: str) -> PositionRule | None:
        return next((rule for rule in self.positions if rule.code == code), None)

    def counter(self, code: str) -> HostCounter | None:
        """The counter of this code; of no code the host's first one."""
        return next((row for row in self.readable if code in ("", row.code)), None)

    @property
    def readable(self) -> list[HostCounter]:
        """Counters whose value a person can read off; an amount channel shows none."""
        return [row for row in self.counters if row.kind == "counter"]


@dataclass(frozen=True, slots=True)
class MountFacts:
    """One mounting. `value`: what the host's counter `channel` shows then; None: not read.

    Without a channel the host's first counter is meant.
    """

    component: UUID
    host: UUID
    position: str
    at: datetime
    value: Decimal | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class LifeFacts:
    """A life of a component from an instant on; `tread` in millimetres."""

    component: UUID
    kind: str
    began_at: datetime
    tread: Decimal | None = None
    note: str = ""


def coupling_rule(title: str) -> PositionRule:
    """The position of a host that is drawn by another."""
    return PositionRule(COUPLING, title)
