"""Parts of a component's usage: one stretch on one host each, and their JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.common.canonical import instant_text
from apps.common.period import parse_instant
from apps.common.quantity import canonical, parse_decimal
from apps.telemetry.domain.belief import Discontinuity


@dataclass(frozen=True, slots=True)
class Condition:
    """Usage counts only while the state channel `channel` of the asset has this value."""

    asset: str
    label: str
    channel: str
    value: Decimal

    def to_dict(self) -> dict[str, object]:
        return {
            "asset": self.asset, "label": self.label, "channel": self.channel,
            "value": canonical(self.value),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Condition":
        return cls(
            str(data["asset"]), str(data["label"]), str(data["channel"]),
            parse_decimal(data["value"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stay:
    """A component in [start, end) where the counter of `host` runs for it; end None: still.

    `via`: labels of the hosts between, the nearest first (the trailer a tire sits on). `factor` is
    the product of the factors of all positions on the way.
    """

    host: str
    host_label: str
    position: str
    start: datetime
    end: datetime | None
    factor: Decimal = Decimal(1)
    via: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text, instants in UTC."""
        return {
            "host": self.host, "host_label": self.host_label, "position": self.position,
            "start": instant_text(self.start),
            "end": None if self.end is None else instant_text(self.end),
            "factor": canonical(self.factor), "via": list(self.via),
            "conditions": [item.to_dict() for item in self.conditions],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Stay":
        end, via, conditions = data["end"], data["via"], data["conditions"]
        if not isinstance(via, list) or not isinstance(conditions, list):
            raise TypeError("via and conditions are lists")
        return cls(
            str(data["host"]), str(data["host_label"]), str(data["position"]),
            parse_instant(data["start"]), None if end is None else parse_instant(end),
            parse_decimal(data["factor"]), tuple(str(label) for label in via),
            tuple(Condition.from_dict(item) for item in conditions),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edge:
    """The host's counter where a part begins or ends; interpolated between readings, or read."""

    at: datetime
    value: Decimal
    interpolated: bool

    def to_dict(self) -> dict[str, object]:
        return {
            "at": instant_text(self.at), "value": canonical(self.value),
            "interpolated": self.interpolated,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: object) -> "Edge | None":
        if data is None:
            return None
        if not isinstance(data, Mapping):
            raise TypeError("an edge is an object")
        return cls(
            parse_instant(data["at"]), parse_decimal(data["value"]), data["interpolated"] is True
        )


@dataclass(frozen=True, slots=True)
class Part:
    """What one stay gives in a period; its `stay` is cut to what the readings cover.

    `gross`: the host's usage meanwhile; `counted`: what of it fell under the conditions;
    `quantity` = counted × factor. Without edges the host's channel is one of amounts.
    """

    stay: Stay
    opening: Edge | None
    closing: Edge | None
    corrections: tuple[Discontinuity, ...]
    gross: Decimal
    counted: Decimal
    quantity: Decimal

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text, instants in UTC."""
        return {
            **self.stay.to_dict(),
            "opening": None if self.opening is None else self.opening.to_dict(),
            "closing": None if self.closing is None else self.closing.to_dict(),
            "corrections": [
                {"measured_at": instant_text(item.measured_at), "amount": canonical(item.amount),
                 "kind": item.kind}
                for item in self.corrections
            ],
            "gross": canonical(self.gross), "counted": canonical(self.counted),
            "quantity": canonical(self.quantity),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Part":
        jumps = data["corrections"]
        if not isinstance(jumps, list):
            raise TypeError("corrections are a list")
        return cls(
            Stay.from_dict(data), Edge.from_dict(data["opening"]), Edge.from_dict(data["closing"]),
            tuple(
                Discontinuity(
                    parse_instant(item["measured_at"]), parse_decimal(item["amount"]),
                    str(item["kind"]),
                )
                for item in jumps
            ),
            parse_decimal(data["gross"]), parse_decimal(data["counted"]),
            parse_decimal(data["quantity"]),
        )  # fmt: skip
