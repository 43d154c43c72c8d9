"""The way between positions on the WGS 84 ellipsoid, in decimals only.

The straight line through the earth between two points of the ellipsoid (height 0), bent to an arc
of the Gaussian mean radius at their mean latitude. Against the geodesic this is less than 0.2 m
wrong for a step of 100 km and less than 100 m for one of 1,000 km. Constants: NIMA TR8350.2.
Sine and cosine are summed to 34 digits in a context of their own, so the same everywhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from functools import lru_cache

from apps.common.quantity import add, multiply

_SEMI_MAJOR_METRES = Decimal(6378137)
_SEMI_MINOR_METRES = Decimal("6356752.314245179497563967")
_ECCENTRICITY_SQUARED = Decimal("0.00669437999014131699613723")
_PI = Decimal("3.141592653589793238462643383279502884197")
_TRIGONOMETRY = Context(prec=34, rounding=ROUND_HALF_EVEN)
_NEGLIGIBLE = Decimal("1e-36")
_SECOND = Decimal(1_000_000)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Degrees north and east at an instant."""

    measured_at: datetime
    latitude: Decimal
    longitude: Decimal

    @property
    def is_usable(self) -> bool:
        """Not outside the globe, and not 0, 0: that is what receivers send without a fix."""
        inside = -90 <= self.latitude <= 90 and -180 <= self.longitude <= 180
        return inside and not (self.latitude == 0 and self.longitude == 0)


@dataclass(frozen=True, slots=True)
class WayRule:
    """`least_step`: a position nearer to the last counted one waits, so that standing is no way.

    `fastest`: metres a second; a position that would need more is left out.
    """

    least_step: Decimal = Decimal(25)
    fastest: Decimal = Decimal(70)

    def __post_init__(self) -> None:
        if self.least_step < 0 or self.fastest <= 0:
            raise ValueError("the least step is not negative, and the highest speed is above zero")


@dataclass(frozen=True, slots=True)
class Way:
    """Steps as (instant of arrival, whole metres); what was left out, by reason; where it ends."""

    steps: Sequence[tuple[datetime, Decimal]]
    left_out: dict[str, int] = field(default_factory=dict)
    carry: Position | None = None

    @property
    def metres(self) -> Decimal:
        return add(*(metres for _, metres in self.steps))


def way_of(positions: Iterable[Position], rule: WayRule, carry: Position | None = None) -> Way:
    """Walk positions in order from the last counted one. Each step is rounded to 1 m, half up."""
    steps: list[tuple[datetime, Decimal]] = []
    left_out = {"no_fix": 0, "too_fast": 0}
    for position in sorted(positions):
        if not position.is_usable:
            left_out["no_fix"] += 1
            continue
        if carry is None:
            carry = position
            continue
        metres = distance(carry, position)
        if _needs_more(metres, position.measured_at - carry.measured_at, rule.fastest):
            left_out["too_fast"] += 1
        elif metres >= rule.least_step:
            steps.append((position.measured_at, _whole(metres)))
            carry = position
    return Way(steps, left_out, carry)


def _needs_more(metres: Decimal, taken: timedelta, fastest: Decimal) -> bool:
    return multiply(metres, _SECOND) > multiply(fastest, Decimal(taken // _MICROSECOND))


def _whole(metres: Decimal) -> Decimal:
    return metres.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=_TRIGONOMETRY)


def distance(one: Position, other: Position) -> Decimal:
    """Metres between two positions along the ellipsoid, unrounded; the same in both directions."""
    if (one.latitude, one.longitude) == (other.latitude, other.longitude):
        return Decimal(0)
    with localcontext(_TRIGONOMETRY):
        here, there = sorted([(one.latitude, one.longitude), (other.latitude, other.longitude)])
        ends = zip(_on_ellipsoid(*here), _on_ellipsoid(*there), strict=True)
        chord = sum(((a - b) ** 2 for a, b in ends), Decimal(0)).sqrt()
        radius = _mean_radius((here[0] + there[0]) / 2)
        return _arc(chord, radius)


def _arc(chord: Decimal, radius: Decimal) -> Decimal:
    """2 r asin(c / 2r); the angle by halving, so that the series is short even for antipodes."""
    sine = min(chord / (2 * radius), Decimal(1))
    doublings = 0
    while sine > Decimal("0.05"):
        # sin(x/2)² = (1 − cos x) / 2
        sine = ((1 - (1 - sine * sine).sqrt()) / 2).sqrt()
        doublings += 1
    angle, term, number = sine, sine, 0
    while abs(term) > _NEGLIGIBLE:
        number += 2
        term = term * sine * sine * (number - 1) / number
        angle += term / (number + 1)
    return 2 * radius * angle * 2**doublings


def _on_ellipsoid(latitude: Decimal, longitude: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    sine, cosine = _sine_and_cosine(latitude)
    east, north = _sine_and_cosine(longitude)
    across = _across(sine)
    polar = (1 - _ECCENTRICITY_SQUARED) * across
    return across * cosine * north, across * cosine * east, polar * sine


def _across(sine: Decimal) -> Decimal:
    """Radius of curvature in the prime vertical at a latitude's sine."""
    return _SEMI_MAJOR_METRES / (1 - _ECCENTRICITY_SQUARED * sine * sine).sqrt()


@lru_cache(maxsize=4096)
def _mean_radius(latitude: Decimal) -> Decimal:
    sine, _ = _sine_and_cosine(latitude)
    return _SEMI_MINOR_METRES / (1 - _ECCENTRICITY_SQUARED * sine * sine)


@lru_cache(maxsize=4096)
def _sine_and_cosine(degrees: Decimal) -> tuple[Decimal, Decimal]:
    """By their power series, in the trigonometric context."""
    with localcontext(_TRIGONOMETRY):
        angle = degrees * _PI / 180
        sine = cosine = Decimal(0)
        term, number = Decimal(1), 0
        while abs(term) > _NEGLIGIBLE:
            sign = -1 if number % 4 in (2, 3) else 1
            if number % 2:
                sine += sign * term
            else:
                cosine += sign * term
            number += 1
            term = abs(term * angle / number)
        return (-sine if angle < 0 else sine), cosine
