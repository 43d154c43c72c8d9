"""Ways between positions: published lengths on the ellipsoid, fixes that are none, and sums."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.telemetry.domain.positions import Position, WayRule, distance, way_of

START = datetime(2026, 3, 1, tzinfo=UTC)


def at(seconds: float, latitude: str, longitude: str) -> Position:
    instant = START + timedelta(seconds=seconds)
    return Position(instant, Decimal(latitude), Decimal(longitude))


@pytest.mark.parametrize(
    ("one", "other", "metres", "within"),
    [
        (("0", "10"), ("0", "11"), "111319.491", "0.1"),  # a degree of the equator
        (("0", "10"), ("1", "10"), "110574.276", "0.2"),  # of a meridian at the equator
        (("89", "10"), ("90", "10"), "111693.865", "0.1"),  # and at the pole
        # Flinders Peak to Buninyong, the worked example of the Australian geodetic manual.
        (("-37.95103341666667", "144.42486788888889"), ("-37.65282113888889", "143.92649552777778"),
         "54972.271", "0.1"),
        (("48.137", "11.575"), ("48.137", "11.576"), "74.4", "0.1"),
        (("0", "179.9995"), ("0", "-179.9995"), "111.319", "0.001"),  # over the date line
        (("48", "11"), ("48", "11"), "0", "0"),
    ],
)  # fmt: skip
def test_published_lengths(
    one: tuple[str, str], other: tuple[str, str], metres: str, within: str
) -> None:
    found = distance(at(0, *one), at(1, *other))
    assert abs(found - Decimal(metres)) <= Decimal(within)
    assert distance(at(0, *other), at(1, *one)) == found


def test_a_way_is_the_sum_of_whole_metres() -> None:
    way = way_of(
        [at(0, "48.1370", "11.5750"), at(60, "48.1370", "11.5760"), at(120, "48.1380", "11.5760")],
        WayRule(),
    )
    assert way.steps == [(START + timedelta(seconds=60), 74), (START + timedelta(seconds=120), 111)]
    assert (way.metres, way.left_out) == (185, {"no_fix": 0, "too_fast": 0})


def test_what_is_no_fix_or_too_fast_is_left_out_and_counted() -> None:
    way = way_of(
        [
            at(0, "48.1370", "11.5750"),
            at(30, "0", "0"),
            at(40, "91", "11"),
            at(60, "48.2370", "11.5750"),  # 11 km in a minute
            at(90, "48.1370", "11.5760"),
        ],
        WayRule(fastest=Decimal(50)),
    )
    assert (way.metres, way.left_out) == (74, {"no_fix": 2, "too_fast": 1})


def test_standing_with_a_jittering_receiver_is_no_way() -> None:
    jitter = [at(n, f"48.13{700 + n % 3}", "11.575") for n in range(600)]
    assert way_of(jitter, WayRule()).metres == 0


def test_slow_walking_is_not_lost_to_rounding() -> None:
    # 0.4 m a second, 10 minutes: each step alone would be rounded away.
    walk = [at(n, "48.137", str(Decimal("11.575") + n * Decimal("0.00000537"))) for n in range(601)]
    way = way_of(walk, WayRule())
    assert way.metres == 225
    assert way.carry is not None
    assert distance(way.carry, walk[-1]) < 25  # what is left waits for the next step


def test_rules_have_bounds() -> None:
    with pytest.raises(ValueError, match="speed"):
        WayRule(fastest=Decimal(0))


_DEGREES = st.tuples(
    st.decimals(-70, 70, places=6), st.decimals(-180, 180, places=6)
)  # fmt: skip
_OFFSETS = st.tuples(st.decimals(-20, 20, places=6), st.decimals(-20, 20, places=6))


@settings(max_examples=30)
@given(_DEGREES, _OFFSETS)
def test_near_the_sphere_and_the_same_in_any_context(
    one: tuple[Decimal, Decimal], offset: tuple[Decimal, Decimal]
) -> None:
    other = one[0] + offset[0], one[1] + offset[1]
    here, there = Position(START, *one), Position(START, *other)
    found = distance(here, there)
    with localcontext() as context:
        context.prec = 6
        assert distance(here, there) == found
    assert math.isclose(float(found), _on_sphere(one, other), rel_tol=0.0075, abs_tol=0.5)


def _on_sphere(one: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal]) -> float:
    (a, b), (c, d) = [(math.radians(float(p)), math.radians(float(q))) for p, q in (one, other)]
    root = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * 6371008.8 * math.asin(min(1.0, math.sqrt(root)))


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(-500, 500), st.integers(-500, 500)),
        max_size=15,
    ),
    st.randoms(use_true_random=False),
    st.integers(0, 15),
)
def test_any_order_and_any_cut_give_the_same_way(rows, random, cut) -> None:  # type: ignore[no-untyped-def]
    positions = [
        Position(
            START + timedelta(seconds=n), 48 + Decimal(north) / 10_000, 11 + Decimal(east) / 10_000
        )
        for n, north, east in {row[0]: row for row in rows}.values()
    ]
    whole = way_of(positions, WayRule())
    shuffled = list(positions)
    random.shuffle(shuffled)
    assert way_of(shuffled, WayRule()) == whole
    ordered = sorted(positions)
    first = way_of(ordered[:cut], WayRule())
    second = way_of(ordered[cut:], WayRule(), first.carry)
    assert [*first.steps, *second.steps] == list(whole.steps)
    assert second.carry == whole.carry
