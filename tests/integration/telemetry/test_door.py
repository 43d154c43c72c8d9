"""The door: under a living grant, clipped, logged for both; without one as if nothing were there."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import InternalError, transaction
from django.test import Client
from msgspec.structs import replace

from apps.accounts.operations import make_key
from apps.assets.models import Asset, DataGrant, GrantedSeries, GrantRead
from apps.common.fields import uuid7
from apps.telemetry.door import DoorClosed, grant_for, hours_under_grant, read_under_grant
from apps.telemetry.models import Channel
from apps.telemetry.operations import Outcome, recompute_dirty
from apps.tenancy.context import company_context, current_company_id
from tests.integration.telemetry.conftest import Machine, make_machine

Send = Callable[..., list[Outcome]]
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return OCTOBER + timedelta(hours=hours)


@pytest.fixture
def shared(machine: Machine, cast: dict[str, Any], send: Send, hour: Any, now: datetime) -> Machine:
    """Ten hours of readings, and a passport that names the customer."""
    parties = [cast["maker"].pk, cast["customer"].pk]
    Asset.objects.filter(pk=machine.asset.pk).update(customer=cast["customer"], parties=parties)
    send(*(machine.item("cycles", hour(n), str(10 * n)) for n in range(11)))
    recompute_dirty(now=now)
    return machine


@pytest.fixture
def grant(shared: Machine, cast: dict[str, Any]) -> Callable[..., DataGrant]:
    def give(**fields: Any) -> DataGrant:
        facts = {
            "author": cast["maker"], "parties": [cast["maker"].pk, cast["customer"].pk],
            "asset": shared.asset, "grantee": cast["customer"], "contract_id": uuid7(),
            "channels": ["cycles"], "resolution": "raw", "purpose": "billing", "valid_from": at(3),
            "valid_until": None, **fields,
        }  # fmt: skip
        return DataGrant.objects.create(**facts)

    return give


def read(grant: DataGrant, now: datetime, **more: Any) -> list[int]:
    facts = {"channel_code": "cycles", "start": at(0), "end": at(24), "reader": "Ada", **more}
    return [int(item.value) for item in read_under_grant(grant=grant, now=now, **facts)]


def test_readings_are_clipped_and_the_read_is_logged_for_both(
    grant: Any, cast: dict[str, Any], now: datetime
) -> None:
    given = grant(valid_until=now + timedelta(days=1))
    with company_context(cast["customer"]):
        assert read(given, now) == [30, 40, 50, 60, 70, 80, 90, 100]
        assert current_company_id() == cast["customer"].pk
    for slug in ("customer", "maker"):
        with company_context(cast[slug]):
            [row] = GrantRead.objects.all()
            assert (row.author, row.reader, row.row_count) == (cast["customer"], "Ada", 8)
            assert (row.channels, row.period_start) == (["cycles"], at(3))
    with company_context(cast["stranger"]):
        assert not GrantRead.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"revoked_at": OCTOBER}, {"valid_until": at(5)}, {"valid_from": at(2400)},
        {"channels": ["hours"]}, {"resolution": "hourly"},
    ],
)  # fmt: skip
def test_a_grant_that_does_not_cover_it_opens_nothing(
    grant: Any, cast: dict[str, Any], now: datetime, fields: dict[str, Any]
) -> None:
    given = grant(**fields)
    with company_context(cast["customer"]):
        with pytest.raises(DoorClosed):
            read(given, now)
        assert not GrantRead.objects.exists()
        assert current_company_id() == cast["customer"].pk


def test_a_copy_from_before_the_revocation_opens_nothing(
    grant: Any, cast: dict[str, Any], now: datetime
) -> None:
    given = grant()
    DataGrant.objects.update(revoked_at=now)
    with company_context(cast["customer"]), pytest.raises(DoorClosed):
        read(given, now)


def test_anothers_grant_is_no_key(grant: Any, cast: dict[str, Any], now: datetime) -> None:
    given = grant()
    for slug in ("stranger", "maker", "provider"):
        with company_context(cast[slug]), pytest.raises(DoorClosed):
            read(given, now)


def test_an_error_inside_leads_back_out(
    grant: Any, cast: dict[str, Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr("apps.telemetry.door.readings_between", broken)
    given = grant()
    with company_context(cast["customer"]):
        with pytest.raises(RuntimeError):
            read(given, now)
        assert current_company_id() == cast["customer"].pk
        assert not Channel.objects.exists()
        assert not GrantRead.objects.exists()


def test_hours_inside_need_a_raw_grant(grant: Any, cast: dict[str, Any], now: datetime) -> None:
    raw, hourly = grant(), grant(resolution="hourly")
    asked = {"channel_code": "cycles", "start": at(0), "end": at(6), "reader": "A", "now": now}
    with company_context(cast["customer"]):
        rows = hours_under_grant(grant=raw, **asked)
        with pytest.raises(DoorClosed):
            hours_under_grant(grant=hourly, **asked)
    assert [(slot.start, int(slot.usage)) for slot in rows] == [
        (at(3), 10), (at(4), 10), (at(5), 10)
    ]  # fmt: skip


def test_inside_nothing_can_be_written_and_outside_all_can(
    grant: Any, cast: dict[str, Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meddle(channel: Channel, *_: Any) -> list[Any]:
        Channel.objects.filter(pk=channel.pk).update(title="meddled")
        return []

    given = grant()
    with company_context(cast["customer"]):
        with monkeypatch.context() as patched:
            patched.setattr("apps.telemetry.door.readings_between", meddle)
            with pytest.raises(InternalError, match="read-only"):
                read(given, now)
        # The caller's own transaction still writes: the log of the next read is a row.
        assert len(read(given, now)) == 8
        assert GrantRead.objects.count() == 1
    assert not Channel.objects.filter(title="meddled").exists()


def test_errors_in_nested_transactions_leave_the_reader_at_home(
    grant: Any, cast: dict[str, Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every second look fails inside a savepoint of the caller; twins have the same machine."""
    with company_context(cast["customer"]):
        twin = make_machine(cast["customer"], now)
        title = f"own {twin.channels['cycles'].pk}"
        Channel.objects.filter(pk=twin.channels["cycles"].pk).update(title=title)
    given = grant()

    def broken(*_: Any) -> None:
        raise RuntimeError("inside")

    with company_context(cast["customer"]):
        for turn in range(12):
            with monkeypatch.context() as patched:
                if turn % 2:
                    patched.setattr("apps.telemetry.door.readings_between", broken)
                with suppress(RuntimeError), transaction.atomic():
                    with transaction.atomic():
                        read(given, now)
            assert current_company_id() == cast["customer"].pk
            assert Channel.objects.get(code="cycles").title == title
        assert GrantRead.objects.count() == 6


def test_who_does_not_see_the_asset_reads_by_its_grant_alone(
    shared: Machine, grant: Any, cast: dict[str, Any], now: datetime
) -> None:
    parties = sorted([cast["maker"].pk, cast["workshop"].pk])
    given = grant(grantee=cast["workshop"], parties=parties, asset_label="Compressor")
    secret = reading_key(cast["workshop"], now)
    path = f"/api/v1/assets/{shared.asset.public_id}/readings"
    query = {"channel": "cycles", "from": "2026-10-01T00:00:00Z", "to": "2026-10-02T00:00:00Z"}
    assert len(ask(cast["workshop"], path, secret, **query).json()["readings"]) == 7
    listed = ask(cast["workshop"], "/api/v1/grants", secret).json()
    assert [(row["id"], row["asset_name"]) for row in listed["grants"]] == [
        (given.public_id, "Compressor")
    ]
    with company_context(cast["workshop"]):
        assert not Asset.objects.exists()


# --- The same through the API and the pages -------------------------------------------------------


def ask(company: Any, path: str, secret: str, **query: Any) -> Any:
    client = Client(HTTP_HOST=f"{company.slug}.{settings.PERUSE_DOMAIN}")
    return client.get(path, query, HTTP_AUTHORIZATION=f"Bearer {secret}")


def reading_key(company: Any, now: datetime) -> str:
    with company_context(company):
        return make_key(name="reader", scope="read", now=now)[1]


def test_own_readings_by_pages(shared: Machine, cast: dict[str, Any], now: datetime) -> None:
    secret = reading_key(cast["maker"], now)
    path = f"/api/v1/assets/{shared.asset.public_id}/readings"
    query = {"channel": "cycles", "from": "2026-10-01T00:00:00Z", "to": "2026-10-02T00:00:00Z"}
    seen: list[str] = []
    cursor = ""
    for _ in range(5):
        page = ask(cast["maker"], path, secret, limit=4, cursor=cursor, **query).json()
        seen += [row["value"] for row in page["readings"]]
        cursor = page["next"] or ""
        if not cursor:
            break
    assert seen == [str(10 * n) for n in range(1, 11)]
    assert (page["unit"], page["kind"]) == ("{cycle}", "counter")


def test_pages_of_amounts_lose_none_of_the_same_instant(
    machine: Machine, send: Send, hour: Any, cast: dict[str, Any], now: datetime
) -> None:
    send(*(machine.item("energy", hour(1), str(n), id=str(n)) for n in range(7)))
    secret = reading_key(cast["maker"], now)
    path = f"/api/v1/assets/{machine.asset.public_id}/readings"
    seen, cursor = [], ""
    while True:
        page = ask(
            cast["maker"],
            path,
            secret,
            limit=3,
            cursor=cursor,
            channel="energy",
            **{"from": "2026-10-01T00:00:00Z", "to": "2026-10-02T00:00:00Z"},
        ).json()
        seen += [row["value"] for row in page["readings"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == [str(n) for n in range(7)]


def test_usage_by_hour_and_by_day(shared: Machine, cast: dict[str, Any], now: datetime) -> None:
    secret = reading_key(cast["maker"], now)
    path = f"/api/v1/assets/{shared.asset.public_id}/usage"
    query = {"channel": "cycles", "from": "2026-09-30T00:00:00Z", "to": "2026-10-02T00:00:00Z"}
    daily = ask(cast["maker"], path, secret, zone="Asia/Tokyo", **query).json()
    assert daily["usage"] == [{"start": "2026-10-01", "usage": "100"}]
    first = ask(cast["maker"], path, secret, resolution="hourly", limit=6, **query).json()
    rest = ask(
        cast["maker"], path, secret, resolution="hourly", limit=6, cursor=first["next"], **query
    ).json()
    assert [row["usage"] for row in [*first["usage"], *rest["usage"]]] == ["0"] + ["10"] * 10
    assert rest["next"] is None


def test_a_customer_reads_through_its_grant_and_a_stranger_finds_nothing(
    shared: Machine, grant: Any, cast: dict[str, Any], now: datetime
) -> None:
    grant()
    path = f"/api/v1/assets/{shared.asset.public_id}/readings"
    query = {"channel": "cycles", "from": "2026-10-01T00:00:00Z", "to": "2026-10-02T00:00:00Z"}
    secret = reading_key(cast["customer"], now)
    page = ask(cast["customer"], path, secret, **query).json()
    assert [row["value"] for row in page["readings"]] == [str(n) for n in range(40, 101, 10)]
    with company_context(cast["maker"]):
        [row] = GrantRead.objects.all()
        assert row.reader.startswith("API key reader")
    other = reading_key(cast["stranger"], now)
    absent = path.replace(shared.asset.public_id, "ast_00000000000000000000000000")
    foreign_answer = ask(cast["stranger"], path, other, **query)
    absent_answer = ask(cast["stranger"], absent, other, **query)
    ungranted = ask(cast["customer"], path, secret, **{**query, "channel": "hours"})
    assert [item.status_code for item in (foreign_answer, absent_answer, ungranted)] == [404] * 3
    assert foreign_answer.content == absent_answer.content == ungranted.content


@pytest.mark.parametrize(
    "query",
    [
        {}, {"channel": "a" * 50}, {"channel": "cycles", "from": "x"}, {"channel": "\0"},
        {"channel": "cycles", "limit": "0"}, {"channel": "cycles", "limit": "x"},
        {"channel": "cycles", "limit": "9" * 30}, {"channel": "cycles", "cursor": "!!"},
        {"channel": "cycles", "from": "2026-10-02T00:00:00Z", "to": "2026-10-01T00:00:00Z"},
        {"channel": "cycles", "resolution": "yearly"}, {"channel": "cycles", "zone": "../etc"},
        {"channel": "cycles", "to": "9999-12-31T23:59:59Z", "from": "0001-01-01T00:00:00Z"},
    ],
)  # fmt: skip
def test_odd_questions_are_a_400_with_the_place(
    shared: Machine, cast: dict[str, Any], now: datetime, query: dict[str, str]
) -> None:
    secret = reading_key(cast["maker"], now)
    answer = ask(cast["maker"], f"/api/v1/assets/{shared.asset.public_id}/usage", secret, **query)
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_the_schema_names_every_address(cast: dict[str, Any]) -> None:
    client = Client(HTTP_HOST=f"maker.{settings.PERUSE_DOMAIN}")
    text = client.get("/api/v1/schema/?format=json").content.decode()
    for path in ("/api/v1/events", "/api/v1/telemetry", "/readings", "/usage"):
        assert path in text


def test_two_twins_never_mix(cast: dict[str, Any], now: datetime, send: Send, hour: Any) -> None:
    machines = {}
    for slug in ("maker", "provider"):
        with company_context(cast[slug]):
            machines[slug] = make_machine(cast[slug], now, serial="TWIN")
    for n in range(1, 5):
        for slug in ("maker", "provider"):
            with company_context(cast[slug]):
                item = replace(machines[slug].item("cycles", hour(n), str(n)), asset="TWIN")
                assert send(item)[0].status == "accepted"
    for slug in ("maker", "provider"):
        with company_context(cast[slug]):
            assert recompute_dirty(now=now) == 1


def test_the_grant_that_covers_the_time_is_taken_then_the_finest(
    grant: Any, cast: dict[str, Any], now: datetime
) -> None:
    """Days since October, every reading since November: October is read by days."""
    days = grant(valid_from=at(0), resolution="daily")
    raw = grant(valid_from=at(24 * 20))
    asked = {"asset_id": days.asset_id, "channel_code": "cycles", "now": now}

    def found(start: float, end: float, resolution: str = "daily") -> Any:
        return grant_for(**asked, resolution=resolution, start=at(start), end=at(end))

    with company_context(cast["customer"]):
        assert found(24, 48) == days
        assert found(24 * 19, 24 * 22) == days
        assert found(24 * 21, 24 * 22) == raw
        assert found(24, 48, "raw") == raw


def test_days_are_answered_where_a_finer_grant_began_later(
    grant: Any, cast: dict[str, Any], shared: Machine, now: datetime
) -> None:
    days = grant(valid_from=at(-24), resolution="daily", time_zone="UTC")
    grant(valid_from=at(24 * 20))
    with company_context(cast["maker"]):
        GrantedSeries.objects.create(
            author=cast["maker"], parties=days.parties, grant=days, channel="cycles", start=at(0),
            reading_count=11, usage=100, last_value=100, minimum=0, maximum=100, delivered_at=at(24),
        )  # fmt: skip
    secret = reading_key(cast["customer"], now)
    path = f"/api/v1/assets/{shared.asset.public_id}/usage"
    query = {"channel": "cycles", "from": "2026-10-01T00:00:00Z", "to": "2026-10-03T00:00:00Z"}
    answer = ask(cast["customer"], path, secret, **query).json()
    assert answer["usage"] == [{"start": "2026-10-01", "usage": "100"}]
