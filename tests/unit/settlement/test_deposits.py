"""A deposit is never more than agreed and never less than nothing, whatever is noted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.settlement.domain.deposits import DepositRefused, DepositStanding, Step, standing_of


@given(st.lists(st.tuples(st.sampled_from(Step), st.integers(1, 200)), max_size=20))
def test_it_stays_within_its_bounds(steps: list[tuple[Step, int]]) -> None:
    standing, noted = DepositStanding(100), []
    for step, minor in steps:
        try:
            standing = standing.after(step, minor)
        except DepositRefused:
            continue
        noted.append((step.value, minor))
        assert 0 <= standing.held <= 100
        assert standing.missing >= 0
    assert standing_of(100, noted) == standing


def test_what_was_drawn_may_be_asked_for_again() -> None:
    full = DepositStanding(100).after(Step.ASKED, 100).after(Step.RECEIVED, 100)
    with pytest.raises(DepositRefused, match="more_than_agreed"):
        full.after(Step.ASKED, 1)
    drawn = full.after(Step.DRAWN, 30)
    assert (drawn.held, drawn.after(Step.ASKED, 30).missing) == (70, 30)
    with pytest.raises(DepositRefused, match="not_held"):
        drawn.after(Step.RETURNED, 71)
