"""What each state of a subscription lets a company do, as a table; limits and tax."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.subscriptions.domain.limits import Counted, Level, Use, has_room, packs
from apps.subscriptions.domain.provider import state_of, unpaid_since
from apps.subscriptions.domain.standing import KNOWN, Basis, Facts, Standing, judge
from apps.subscriptions.domain.tax import FeeTax, tax_on_fee

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
GOOD, REMINDED, READ_ONLY, SUSPENDED = Standing


# basis, the provider's status, days since a payment is missing (None: none is) → standing, plan in force
CASES = [
    (Basis.NONE, "", None, GOOD, False),
    (Basis.AGREEMENT, "", None, GOOD, True),
    (Basis.PROVIDER, "trialing", None, GOOD, True),
    (Basis.PROVIDER, "active", None, GOOD, True),
    # Paid for now; what is open of an older one stays owed.
    (Basis.PROVIDER, "active", 20, REMINDED, True),
    (Basis.PROVIDER, "active", 90, SUSPENDED, True),
    (Basis.PROVIDER, "trialing", 30, READ_ONLY, True),
    (Basis.PROVIDER, "past_due", 0, REMINDED, True),
    (Basis.PROVIDER, "past_due", 20, REMINDED, True),
    (Basis.PROVIDER, "past_due", 21, READ_ONLY, True),
    (Basis.PROVIDER, "past_due", 59, READ_ONLY, True),
    (Basis.PROVIDER, "past_due", 60, SUSPENDED, True),
    (Basis.PROVIDER, "unpaid", 10, REMINDED, True),
    (Basis.PROVIDER, "unpaid", 30, READ_ONLY, True),
    (Basis.PROVIDER, "unpaid", 61, SUSPENDED, True),
    # The first payment never went through: nothing began. What is owed is of one before it.
    (Basis.PROVIDER, "incomplete", None, GOOD, False),
    (Basis.PROVIDER, "incomplete", 30, READ_ONLY, False),
    (Basis.PROVIDER, "incomplete_expired", None, GOOD, False),
    (Basis.PROVIDER, "incomplete_expired", 70, SUSPENDED, False),
    (Basis.PROVIDER, "paused", None, GOOD, False),
    (Basis.PROVIDER, "paused", 30, READ_ONLY, False),
    # Ended as wished: a participant again. Ended for want of money: the debt goes on.
    (Basis.PROVIDER, "canceled", None, GOOD, False),
    (Basis.PROVIDER, "canceled", 18, REMINDED, False),
    (Basis.PROVIDER, "canceled", 25, READ_ONLY, False),
    (Basis.PROVIDER, "canceled", 70, SUSPENDED, False),
]


@pytest.mark.parametrize(("basis", "status", "days", "standing", "has_plan"), CASES)
def test_the_table(
    basis: Basis, status: str, days: int | None, standing: Standing, has_plan: bool
) -> None:
    since = None if days is None else NOW - timedelta(days=days)
    verdict = judge(Facts(basis, status, None, since), NOW)
    assert (verdict.standing, verdict.has_plan) == (standing, has_plan)


def test_the_table_has_every_state_of_the_provider() -> None:
    assert {case[1] for case in CASES if case[0] == Basis.PROVIDER} == KNOWN


def test_a_trial_ends_at_its_instant() -> None:
    facts = Facts(Basis.TRIAL, "", NOW)
    assert judge(facts, NOW - timedelta(microseconds=1)).has_plan
    ended = judge(facts, NOW)
    assert (ended.has_plan, ended.standing) == (False, GOOD)


@pytest.mark.parametrize(("days", "count"), [(0, 1), (6, 1), (7, 2), (13, 2), (14, 3), (100, 3)])
def test_reminders_fall_due_by_days(days: int, count: int) -> None:
    facts = Facts(Basis.PROVIDER, "past_due", None, NOW - timedelta(days=days))
    assert judge(facts, NOW).reminders == count


@given(st.integers(0, 200), st.integers(0, 200), st.sampled_from(sorted(KNOWN)))
def test_it_never_gets_better_by_waiting(early: int, more: int, status: str) -> None:
    order = list(Standing)
    facts = Facts(Basis.PROVIDER, status, None, NOW)
    first = judge(facts, NOW + timedelta(days=early)).standing
    later = judge(facts, NOW + timedelta(days=early + more)).standing
    assert order.index(later) >= order.index(first)


@pytest.mark.parametrize(
    ("count", "most", "level", "percent"),
    [
        (79, 100, Level.FREE, 79), (80, 100, Level.NEAR, 80), (100, 100, Level.FULL, 100),
        (120, 100, Level.FULL, 100), (0, 0, Level.FULL, 0), (2, 0, Level.FULL, 100),
        (10**9, None, Level.FREE, 0),
    ],
)  # fmt: skip
def test_how_near_a_limit_is(count: int, most: int | None, level: Level, percent: int) -> None:
    use = Use(Counted.ASSETS, count, None, most)
    assert (use.level, use.percent) == (level, percent)


def test_room_and_what_is_charged() -> None:
    assert has_room(9, 1, 10)
    assert not has_room(10, 1, 10)
    assert not has_room(12, 1, 10)
    assert has_room(10**9, 1, None)
    assert [packs(n) for n in (0, 1, 100_000, 100_001)] == [0, 1, 1, 2]
    assert Use(Counted.ASSETS, 30, 25, None).beyond == 5
    assert Use(Counted.ASSETS, 20, 25, None).beyond == 0


@pytest.mark.parametrize(
    ("country", "vat_id", "tax"),
    [
        ("DE", "DE123456789", FeeTax(Decimal(19))), ("DE", "", FeeTax(Decimal(19))),
        ("AT", "ATU12345678", FeeTax(Decimal(0), True)), ("AT", " ", FeeTax(Decimal(19))),
        ("CH", "", FeeTax(Decimal(0))), ("GB", "GB123456789", FeeTax(Decimal(0))),
    ],
)  # fmt: skip
def test_tax_on_the_fee(country: str, vat_id: str, tax: FeeTax) -> None:
    assert tax_on_fee(operator="DE", rate=Decimal(19), country=country, vat_id=vat_id) == tax


def subscription(key: str, status: str, created: int) -> dict[str, object]:
    return {"id": key, "status": status, "created": created, "items": {"data": []}, "metadata": {}}


@given(st.permutations(["canceled", "active", "incomplete_expired"]))
def test_what_counts_does_not_hang_on_the_order(statuses: list[str]) -> None:
    rows = [subscription(f"sub_{status}", status, len(status)) for status in statuses]
    found = state_of(rows)
    assert found is not None
    assert found.reference == "sub_active"


def test_of_what_has_ended_the_newest_counts() -> None:
    found = state_of([subscription("new", "canceled", 2), subscription("old", "canceled", 1)])
    assert found is not None
    assert found.reference == "new"
    assert state_of([subscription("odd", "of_a_later_version", 1)]) is None


def test_the_oldest_missing_payment_counts() -> None:
    def bill(status: str, at: int, **more: object) -> dict[str, object]:
        return {"status": status, "amount_remaining": 100, "attempted": True,
                "status_transitions": {"finalized_at": at}, **more}  # fmt: skip

    day = int(NOW.timestamp()) - 86_400
    assert unpaid_since([], [], NOW) is None
    assert unpaid_since([bill("paid", day), bill("void", day)], [], NOW) is None
    assert unpaid_since([bill("open", day, attempted=False)], [], NOW) is None
    found = unpaid_since([bill("open", day), bill("uncollectible", day - 5)], [], NOW)
    assert found == datetime.fromtimestamp(day - 5, UTC)
    due = bill("open", day, collection_method="send_invoice", due_date=day + 2 * 86_400)
    assert unpaid_since([due], [], NOW) is None


@pytest.mark.parametrize(
    ("status", "owed"),
    [("incomplete", False), ("incomplete_expired", False), ("canceled", True), ("active", True)],
)
def test_of_what_never_began_nothing_is_owed(status: str, owed: bool) -> None:
    day = int(NOW.timestamp()) - 86_400
    bill = {
        "status": "open", "amount_remaining": 100, "attempted": True,
        "status_transitions": {"finalized_at": day},
        "parent": {"subscription_details": {"subscription": "sub_one"}},
    }  # fmt: skip
    found = unpaid_since([bill], [subscription("sub_one", status, day)], NOW)
    assert (found is not None) is owed
