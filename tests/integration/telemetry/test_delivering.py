"""Hours and days delivered under grants: whole ones, corrected, logged, gone when the grant is over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.accounts.operations import make_key
from apps.assets.models import DataGrant, GrantedSeries, GrantRead
from apps.assets.operations import drop_ended_series, end_grants, revoke_grant
from apps.common.fields import uuid7
from apps.events.operations import run_waiting_jobs
from apps.telemetry.operations import Outcome, recompute_dirty
from apps.telemetry.operations.delivering import deliver_for
from apps.tenancy.context import company_context
from tests.integration.telemetry.conftest import Machine
from tests.integration.telemetry.test_door import ask

Send = Callable[..., list[Outcome]]
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return OCTOBER + timedelta(hours=hours)


@pytest.fixture
def running(machine: Machine, send: Send, hour: Any) -> Machine:
    """Three days, ten cycles an hour."""
    send(*(machine.item("cycles", hour(n), str(10 * n)) for n in range(73)))
    recompute_dirty(now=at(72))
    return machine


@pytest.fixture
def grant(running: Machine, cast: dict[str, Any]) -> Callable[..., DataGrant]:
    def give(**fields: Any) -> DataGrant:
        parties = sorted([cast["maker"].pk, cast["financier"].pk])
        facts = {
            "author": cast["maker"], "parties": parties, "asset": running.asset,
            "grantee": cast["financier"], "contract_id": uuid7(), "channels": ["cycles"],
            "resolution": "hourly", "purpose": "financing", "valid_from": at(0.5),
            "valid_until": None, "revocable": True, **fields,
        }  # fmt: skip
        return DataGrant.objects.create(**facts)

    return give


def delivered(company: Any) -> list[tuple[datetime, int]]:
    with company_context(company):
        rows = GrantedSeries.objects.order_by("start")
        return [(row.start, int(row.usage)) for row in rows]


def test_whole_hours_alone_are_delivered_and_both_see_it(grant: Any, cast: dict[str, Any]) -> None:
    grant(valid_until=at(6.5))
    assert deliver_for(now=at(4.5), since=None) == 3
    assert delivered(cast["financier"]) == [(at(1), 10), (at(2), 10), (at(3), 10)]
    assert deliver_for(now=at(4.5), since=None) == 0
    assert deliver_for(now=at(6.4), since=at(0)) == 2
    for slug in ("maker", "financier"):
        with company_context(cast[slug]):
            rows = GrantRead.objects.order_by("read_at")
            assert [(row.act, row.row_count, row.period_start) for row in rows] == [
                ("delivered", 3, at(1)), ("delivered", 2, at(4))
            ]  # fmt: skip
    for slug in ("customer", "stranger", "provider"):
        assert delivered(cast[slug]) == []


def test_days_are_those_of_the_grants_zone(grant: Any, cast: dict[str, Any]) -> None:
    grant(resolution="daily", time_zone="Europe/Berlin", valid_from=at(-2))
    assert deliver_for(now=at(46.5), since=None) == 2
    # Berlin is two hours ahead: its first of October began at 22:00 UTC, its second too.
    assert delivered(cast["financier"]) == [(at(-2), 220), (at(22), 240)]


def test_a_late_reading_changes_what_was_delivered(
    grant: Any, running: Machine, send: Send, cast: dict[str, Any]
) -> None:
    grant()
    deliver_for(now=at(72), since=None)
    send(running.item("cycles", "2026-10-01T02:30:00Z", "29"))
    recompute_dirty(now=at(72))
    assert run_waiting_jobs(now=at(73)) >= 1
    assert delivered(cast["financier"])[1] == (at(2), 10)
    send(running.item("cycles", "2026-10-01T03:30:00Z", "28"))
    recompute_dirty(now=at(72))
    run_waiting_jobs(now=at(73))
    # The first changed a count; 28 is below the 30 of three o'clock and not believed.
    with company_context(cast["financier"]):
        changed = GrantRead.objects.filter(act="delivered").order_by("read_at")
        assert [row.row_count for row in changed] == [71, 1]
    send(running.item("cycles", "2026-10-04T00:30:00Z", "725"))
    recompute_dirty(now=at(74))
    run_waiting_jobs(now=at(74))
    assert delivered(cast["financier"])[-1] == (at(72), 5)


def test_what_is_delivered_ends_with_the_grant(grant: Any, cast: dict[str, Any]) -> None:
    contract = uuid7()
    revoked, *_others = (
        grant(grantee=cast[slug], parties=sorted([cast["maker"].pk, cast[slug].pk]), **more)
        for slug, more in (
            ("financier", {}), ("provider", {"contract_id": contract}),
            ("workshop", {"valid_until": at(80)}),
        )
    )  # fmt: skip
    deliver_for(now=at(72), since=None)
    assert [len(delivered(cast[slug])) for slug in ("financier", "provider", "workshop")] == [
        71
    ] * 3
    revoke_grant(grant=revoked, now=at(73))
    end_grants(contract_id=contract, now=at(73))
    assert drop_ended_series(now=at(73)) == 0
    assert [len(delivered(cast[slug])) for slug in ("financier", "provider", "workshop")] == [
        0, 0, 71
    ]  # fmt: skip
    assert drop_ended_series(now=at(80)) == 1
    assert delivered(cast["workshop"]) == []
    assert deliver_for(now=at(81), since=None) == 0
    # The log of what was delivered stays.
    assert GrantRead.objects.filter(act="delivered").count() == 3
    assert {row.state_at(at(81)) for row in DataGrant.objects.all()} == {"revoked", "ended"}


def test_hours_and_days_through_the_api(grant: Any, running: Machine, cast: dict[str, Any],
                                        now: datetime) -> None:  # fmt: skip
    grant(resolution="daily", time_zone="Europe/Berlin", valid_from=at(-2))
    deliver_for(now=at(72), since=None)
    with company_context(cast["financier"]):
        secret = make_key(name="reader", scope="read", now=now)[1]
    path = f"/api/v1/assets/{running.asset.public_id}/usage"
    query = {"channel": "cycles", "from": "2026-09-30T00:00:00Z", "to": "2026-10-05T00:00:00Z"}
    page = ask(cast["financier"], path, secret, **query).json()
    assert (page["zone"], page["kind"]) == ("Europe/Berlin", "counter")
    assert page["usage"][:2] == [
        {"start": "2026-10-01", "usage": "220"}, {"start": "2026-10-02", "usage": "240"}
    ]  # fmt: skip
    # Days of another zone would tell the hours.
    other = ask(cast["financier"], path, secret, zone="Asia/Tokyo", **query)
    assert other.status_code == 400
    assert "Europe/Berlin" in str(other.json()["errors"]["zone"])
    assert ask(cast["financier"], path, secret, resolution="hourly", **query).status_code == 404
    with company_context(cast["maker"]):
        [row] = GrantRead.objects.filter(act="read")
        assert (row.row_count, row.resolution) == (3, "daily")
