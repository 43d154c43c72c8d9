"""The usage record of one metered item and period as values, and their JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from apps.common.canonical import instant_text
from apps.common.period import parse_instant
from apps.common.quantity import canonical, parse_decimal
from apps.metering.domain.counted import CountFigures
from apps.metering.domain.measured import MEASURED, MeasureFigures
from apps.metering.domain.parts import Part
from apps.metering.domain.record_parts import OF_RECORD, RecordParts
from apps.metering.domain.told_apart import Calendars, ChargeWindows
from apps.pricing.groups import Group
from apps.telemetry.domain.belief import Declaration, Discontinuity, LevelRules, Reading
from apps.telemetry.domain.meters import MeterShare, MeterVersion

METHODS = ("counter", "delta", "component", OF_RECORD, *MEASURED)


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """A silence longer than the channel's expected interval, within the period."""

    start: datetime
    end: datetime

    def to_dict(self) -> dict[str, object]:
        return {"start": instant_text(self.start), "end": instant_text(self.end)}


@dataclass(frozen=True, slots=True)
class Day:
    """The usage of one local day."""

    day: date
    quantity: Decimal

    def to_dict(self) -> dict[str, object]:
        return {"day": self.day.isoformat(), "quantity": canonical(self.quantity)}


@dataclass(frozen=True, slots=True)
class Definition:
    """What a channel is derived from, as it stood: rounding step as text, holding time in seconds.

    It holds from the UTC day `since`; None: from the beginning.
    """

    text: str
    inputs: tuple[str, ...]
    step: str
    hold: int
    since: str | None

    def to_dict(self) -> dict[str, object]:
        return {
            "text": self.text, "inputs": list(self.inputs), "step": self.step, "hold": self.hold,
            "since": self.since,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Definition":
        since, inputs = data["since"], data["inputs"]
        if not isinstance(inputs, (list, tuple)):
            raise TypeError("inputs")
        return cls(
            str(data["text"]), tuple(map(str, inputs)), str(data["step"]),
            whole_number(data["hold"]), None if since is None else str(since),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class UsageFigures:
    """The evidence of one metered item and period, as figures.

    `opening` and `closing` are None for deltas and for a counter without any reading.
    `versions` names the marked days the figures rest on: mark -> version. `rules` and
    `declarations` are those a counter was judged by; with them belief can be walked again.
    A component has `parts`, one for each stay on a host, and `sources`, the hosts' own figures.
    `windows`: by charge, where the plan prices windows of the week.
    A gauge or state has the `measure` the contract bills. A counter or amounts that count under rules
    have `counting`, and the channels of its conditions as `sources`. `group`: as whose member it is
    priced. `derived`: what a derived
    channel's readings were made by in the period, the oldest version first. `meters`: what was
    counted by which meter, in order; `counted_in`: the unit of the readings where its factor turns
    it into another. An item with fall-backs has the `sources` in the agreed order, and `of_record`:
    which of them counted when.
    """

    quantity: Decimal
    unit: str
    method: str
    opening: Reading | None
    closing: Reading | None
    corrections: tuple[Discontinuity, ...]
    reading_count: int
    gaps: tuple[Gap, ...]
    daily: tuple[Day, ...]
    readings_digest: str
    versions: Mapping[str, int] = field(default_factory=dict)
    rules: LevelRules | None = None
    declarations: tuple[Declaration, ...] = ()
    parts: tuple[Part, ...] = ()
    sources: tuple["HostFigures", ...] = ()
    windows: tuple[ChargeWindows, ...] = ()
    measure: MeasureFigures | None = None
    counting: CountFigures | None = None
    group: Group | None = None
    derived: tuple[Definition, ...] = ()
    meters: tuple[MeterShare, ...] = ()
    counted_in: str = ""
    of_record: RecordParts | None = None

    @property
    def meter_versions(self) -> tuple[MeterVersion, ...]:
        return tuple(item.meter for item in self.meters)

    @property
    def expired_meters(self) -> tuple[MeterVersion, ...]:
        """Meters whose verification had run out while they counted."""
        own = [item.meter for item in self.meters if item.is_expired]
        of_hosts = [meter for source in self.sources for meter in source.figures.expired_meters]
        return (*own, *of_hosts)

    @property
    def warns(self) -> bool:
        """Whether a person should look at it: an expired meter, a source that deviates too far."""
        deviates = self.of_record is not None and self.of_record.deviates
        return deviates or bool(self.expired_meters)

    @property
    def calendars(self) -> Calendars:
        """By charge the windows of the week that it is told apart by."""
        return {item.charge: item.calendar for item in self.windows}

    @property
    def own_days(self) -> tuple[Day, ...]:
        """What each day shows: its own highest or mean value; of anything that adds up, its part."""
        if self.measure is None:
            return self.daily
        return tuple(Day(day, value) for day, value in self.measure.by_day)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text, instants in UTC."""
        return {
            "quantity": canonical(self.quantity), "unit": self.unit, "method": self.method,
            "opening": reading_to_dict(self.opening), "closing": reading_to_dict(self.closing),
            "corrections": [correction_to_dict(item) for item in self.corrections],
            "reading_count": self.reading_count,
            "gaps": [gap.to_dict() for gap in self.gaps],
            "daily": [day.to_dict() for day in self.daily],
            "readings_digest": self.readings_digest, "versions": dict(self.versions),
            "rules": rules_to_dict(self.rules),
            "declarations": [declaration_to_dict(item) for item in self.declarations],
            **self._of_sources(),
            **({"windows": [item.to_dict() for item in self.windows]} if self.windows else {}),
            **({} if self.measure is None else {"measure": self.measure.to_dict()}),
            **self._of_rules(),
            **({} if self.group is None else {"group": self.group.to_dict()}),
            **({"derived": [item.to_dict() for item in self.derived]} if self.derived else {}),
            **({"meters": [item.to_dict() for item in self.meters]} if self.meters else {}),
            **({"counted_in": self.counted_in} if self.counted_in else {}),
            **({} if self.of_record is None else {"of_record": self.of_record.to_dict()}),
        }  # fmt: skip

    def _of_sources(self) -> dict[str, object]:
        """Nothing for what is read directly: its form stays what it was."""
        if self.method not in ("component", OF_RECORD):
            return {}
        parts = {"parts": [part.to_dict() for part in self.parts]}
        return {
            **(parts if self.method == "component" else {}),
            "sources": [source.to_dict() for source in self.sources],
        }

    def _of_rules(self) -> dict[str, object]:
        if self.counting is None:
            return {}
        return {
            "counting": self.counting.to_dict(),
            "sources": [source.to_dict() for source in self.sources],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "UsageFigures":
        """Raises KeyError, TypeError or ValueError (BadValue) for another form."""
        source = fields_of(data)
        return cls(
            quantity=parse_decimal(source["quantity"]), unit=str(source["unit"]),
            method=str(source["method"]),
            opening=reading_from_dict(source["opening"]),
            closing=reading_from_dict(source["closing"]),
            corrections=tuple(map(correction_from_dict, rows_of(source["corrections"]))),
            reading_count=whole_number(source["reading_count"]),
            gaps=tuple(map(_gap_from_dict, rows_of(source["gaps"]))),
            daily=tuple(map(_day_from_dict, rows_of(source["daily"]))),
            readings_digest=str(source["readings_digest"]),
            versions={str(key): whole_number(value)
                      for key, value in fields_of(source["versions"]).items()},
            rules=rules_from_dict(source["rules"]),
            declarations=tuple(map(declaration_from_dict, rows_of(source["declarations"]))),
            parts=tuple(map(Part.from_dict, rows_of(source.get("parts", ())))),
            sources=tuple(map(HostFigures.from_dict, rows_of(source.get("sources", ())))),
            derived=tuple(map(Definition.from_dict, rows_of(source.get("derived", ())))),
            windows=tuple(map(ChargeWindows.from_dict, rows_of(source.get("windows", ())))),
            measure=MeasureFigures.from_dict(source.get("measure")),
            meters=tuple(map(MeterShare.from_dict, rows_of(source.get("meters", ())))),
            counted_in=str(source.get("counted_in", "")),
            counting=CountFigures.from_dict(source.get("counting")),
            group=Group.from_dict(source.get("group")),
            of_record=RecordParts.from_dict(source.get("of_record")),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class HostFigures:
    """The figures of one channel of one host that a component's usage rests on."""

    asset: str
    label: str
    channel: str
    figures: UsageFigures

    def to_dict(self) -> dict[str, object]:
        return {
            "asset": self.asset, "label": self.label, "channel": self.channel,
            "usage": self.figures.to_dict(),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "HostFigures":
        return cls(
            str(data["asset"]), str(data["label"]), str(data["channel"]),
            UsageFigures.from_dict(fields_of(data["usage"])),
        )  # fmt: skip


def reading_to_dict(reading: Reading | None) -> dict[str, object] | None:
    if reading is None:
        return None
    return {"measured_at": instant_text(reading.measured_at), "value": canonical(reading.value)}


def reading_from_dict(data: object) -> Reading | None:
    if data is None:
        return None
    source = fields_of(data)
    return Reading(parse_instant(source["measured_at"]), parse_decimal(source["value"]))


def correction_to_dict(item: Discontinuity) -> dict[str, object]:
    return {
        "measured_at": instant_text(item.measured_at),
        "amount": canonical(item.amount),
        "kind": item.kind,
    }


def correction_from_dict(data: Mapping[str, object]) -> Discontinuity:
    amount = parse_decimal(data["amount"])
    return Discontinuity(parse_instant(data["measured_at"]), amount, str(data["kind"]))


def rules_to_dict(rules: LevelRules | None) -> dict[str, object] | None:
    if rules is None:
        return None
    return {
        "kind": rules.kind, "register_size": optional_text(rules.register_size),
        "restarts_from_zero": rules.restarts_from_zero,
        "max_rate_per_hour": optional_text(rules.max_rate_per_hour),
        "minimum": optional_text(rules.minimum), "maximum": optional_text(rules.maximum),
    }  # fmt: skip


def rules_from_dict(data: object) -> LevelRules | None:
    if data is None:
        return None
    source = fields_of(data)
    return LevelRules(
        kind=str(source["kind"]), register_size=optional_decimal(source["register_size"]),
        restarts_from_zero=source["restarts_from_zero"] is True,
        max_rate_per_hour=optional_decimal(source["max_rate_per_hour"]),
        minimum=optional_decimal(source["minimum"]), maximum=optional_decimal(source["maximum"]),
    )  # fmt: skip


def declaration_to_dict(item: Declaration) -> dict[str, object]:
    said: dict[str, object] = {
        "kind": item.kind, "measured_at": instant_text(item.measured_at),
        "closing": optional_text(item.closing), "opening": optional_text(item.opening),
    }  # fmt: skip
    # Only a correction has one, so what was signed before there were any reads the same.
    return said if item.amount is None else {**said, "amount": canonical(item.amount)}


def declaration_from_dict(data: Mapping[str, object]) -> Declaration:
    return Declaration(
        str(data["kind"]), parse_instant(data["measured_at"]),
        optional_decimal(data["closing"]), optional_decimal(data["opening"]),
        optional_decimal(data.get("amount")),
    )  # fmt: skip


def optional_text(value: Decimal | None) -> str | None:
    return None if value is None else canonical(value)


def optional_decimal(value: object) -> Decimal | None:
    return None if value is None else parse_decimal(value)


def _gap_from_dict(data: Mapping[str, object]) -> Gap:
    return Gap(parse_instant(data["start"]), parse_instant(data["end"]))


def _day_from_dict(data: Mapping[str, object]) -> Day:
    return Day(date.fromisoformat(str(data["day"])), parse_decimal(data["quantity"]))


def fields_of(value: object) -> Mapping[str, object]:
    """The value as an object of a JSON document. Raises TypeError."""
    if not isinstance(value, Mapping):
        raise TypeError(f"expected an object, found {type(value).__name__}")
    return value


def rows_of(value: object) -> list[Mapping[str, object]]:
    """The value as a list of objects. Raises TypeError."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"expected a list, found {type(value).__name__}")
    return [fields_of(item) for item in value]


def whole_number(value: object) -> int:
    """The value as an integer, never a boolean. Raises TypeError."""
    if type(value) is not int:
        raise TypeError(f"expected a whole number, found {type(value).__name__}")
    return value
