"""How the demo's machines behave: a smooth, repeatable story without chance.

Everything follows from the serial number and the quarter of an hour, so that history and simulator tell
the same story wherever they start.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

STEP = timedelta(minutes=15)
# What shows a value rather than counts.
LEVELS = ("gauge", "state")
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Amount per busy hour in the channel's unit, digits kept, and the counter's first value.

    Of a gauge the first value is what it shows at rest, and the amount what a busy hour adds; a state is
    1 in the busier hours, else 0. `every`: quarters of an hour from reading to reading.
    """

    channel: str
    kind: str
    per_hour: Decimal
    digits: int
    first_value: Decimal
    every: int = 1


# By the first letters of the serial number. No trade rests at night for these.
BEHAVIOURS: dict[str, tuple[Behaviour, ...]] = {
    "D2": (
        Behaviour("washes", "counter", Decimal("4"), 0, Decimal("18230")),
        Behaviour("detergent", "delta", Decimal("2.6"), 2, Decimal(0)),
    ),
    "RX75": (
        Behaviour("hours", "counter", Decimal("0.7"), 2, Decimal("11904.50")),
        Behaviour("energy", "counter", Decimal("58"), 1, Decimal("71200.0")),
    ),
    "RX90": (
        Behaviour("air", "counter", Decimal("310"), 0, Decimal("41020"), every=4),
        Behaviour("energy", "counter", Decimal("44"), 1, Decimal("8120.0"), every=4),
        # It falls when much air is drawn.
        Behaviour("pressure", "gauge", Decimal("-1.1"), 2, Decimal("7.30"), every=4),
        Behaviour("power", "gauge", Decimal("66"), 1, Decimal("4.0"), every=4),
    ),
    # Its neighbour says its power alone.
    "RX91": (Behaviour("power", "gauge", Decimal("61"), 1, Decimal("4.0"), every=4),),
    # A pulse is 2.5 litres; the second meter counts litres of nearly the same water.
    "S4": (
        Behaviour("running", "state", Decimal("1"), 0, Decimal(0), every=4),
        Behaviour("water", "counter", Decimal("880"), 0, Decimal("51200"), every=4),
        Behaviour("check", "counter", Decimal("2190"), 0, Decimal("128400"), every=4),
    ),
    # Two trucks whose tires are billed by the kilometre; one has 412,000 km more on it.
    "TGX1": (Behaviour("odometer", "counter", Decimal("34"), 1, Decimal("18300.0")),),
    "TGX2": (Behaviour("odometer", "counter", Decimal("36"), 1, Decimal("430300.0")),),
    "WDB": (Behaviour("odometer", "counter", Decimal("38"), 1, Decimal("412300.0")),),
}
# How busy each hour of the day is, in percent (UTC).
DAY = (
    15,
    10,
    10,
    20,
    55,
    90,
    100,
    100,
    95,
    100,
    95,
    80,
    95,
    100,
    100,
    90,
    70,
    55,
    45,
    40,
    35,
    30,
    25,
    20,
)
WEEKEND = Decimal("0.45")


def behaviours_of(serial: str) -> tuple[Behaviour, ...]:
    """What the asset with this serial number does; nothing for an unknown one."""
    return BEHAVIOURS.get(serial.split("-")[0], ())


def step_number(instant: datetime) -> int:
    """The quarter of an hour the instant lies in, counted from the epoch."""
    return (instant - EPOCH) // STEP


def step_start(number: int) -> datetime:
    """The instant at which a quarter of an hour begins."""
    return EPOCH + number * STEP


@lru_cache(maxsize=200_000)
def step_amount(serial: str, behaviour: Behaviour, number: int) -> Decimal:
    """The amount of one quarter of an hour, with all its digits kept below the rounding."""
    instant = step_start(number)
    busy = Decimal(DAY[instant.hour]) / 100
    if instant.weekday() >= 5:
        busy *= WEEKEND
    mood = hashlib.sha256(f"{serial} {behaviour.channel} {number // 4}".encode()).digest()
    swing = Decimal(70 + mood[0] % 61) / 100
    return behaviour.per_hour / 4 * busy * swing


def rounded(behaviour: Behaviour, value: Decimal) -> Decimal:
    """The value with the digits the machine shows, never rounded up."""
    return value.quantize(Decimal(1).scaleb(-behaviour.digits), rounding="ROUND_DOWN")


def amounts(
    serial: str, behaviour: Behaviour, start: datetime, end: datetime
) -> list[tuple[datetime, Decimal]]:
    """(end of the step from reading to reading, its amount) over [start, end)."""
    first, last, every = step_number(start), step_number(end), behaviour.every
    return [
        (step_start(number + every), _amount(serial, behaviour, range(number, number + every)))
        for number in range(first, last - every + 1, every)
    ]


def _amount(serial: str, behaviour: Behaviour, quarters: range) -> Decimal:
    return sum((step_amount(serial, behaviour, number) for number in quarters), Decimal(0))


def shown_level(serial: str, behaviour: Behaviour, instant: datetime) -> Decimal:
    """What a gauge shows: at rest its first value, in a busy hour as much more as an hour has.

    A state is 1 where an hour has at least half of what a busy one has.
    """
    added = 4 * step_amount(serial, behaviour, step_number(instant))
    if behaviour.kind == "state":
        return Decimal(int(2 * added >= behaviour.per_hour))
    return rounded(behaviour, behaviour.first_value + added)
