"""The meter of record up to the record: fall-backs, what comes back, expired meters, warnings."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.assets.models import TypeChannel
from apps.billing.invariants import COMPANY_CHECKS
from apps.common.period import month_period
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.forms.items import ItemForm, item_initial
from apps.contracts.models import Contract, ContractItem
from apps.contracts.operations import draft_contract, offer_contract, sign_contract
from apps.contracts.queries import content_sha256
from apps.events.operations import run_waiting_jobs
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.recomputation import recompute
from apps.metering.models import MeteringOrder, ProvisionalUsage, UsageRecord
from apps.metering.operations import NotMetered, meter_periods, refresh_provisional
from apps.metering.queries import usage_preview
from apps.metering.queries.readings import readings_of
from apps.metering.queries.retention import readings_needed_from
from apps.telemetry.domain.meters import MeterVersion
from apps.telemetry.domain.sources import MeterTerms
from apps.telemetry.operations import sync_channels
from apps.telemetry.operations.meters import describe_meter
from apps.tenancy.context import company_context
from tests.integration.metering.conftest import PLAN, Works, instant
from tests.integration.metering.test_metering import metered

Month = Callable[..., Any]
STANDS_IN = MeterTerms(("device", "channel:gps"), deviation=Decimal(5))


def hourly(first: str, hours: int, start: int, step: int) -> list[tuple[str, str]]:
    since = datetime.fromisoformat(first)
    return [
        ((since + timedelta(hours=n)).isoformat(), str(start + step * n))
        for n in range(0, hours, 6)
    ]


DEVICE = hourly("2026-01-01T00:00:00+01:00", 24 * 20, 1000, 2)  # silent from the 20th on
GPS = hourly("2026-01-01T00:00:00+01:00", 24 * 70, 50, 2)


@pytest.fixture
def tracked(works: Works) -> Works:
    """The machine's cycles are counted by a second device too."""
    kind = works.machine.asset.asset_type
    TypeChannel.objects.create(
        author=works.provider, parties=[works.provider.pk], asset_type=kind, code="gps",
        title="Second device", kind="counter", unit="{cycle}",
    )  # fmt: skip
    sync_channels(asset_ids=[works.machine.asset.pk])
    return works


def agreed(works: Works, terms: MeterTerms, **more: Any) -> Contract:
    """A contract in force on the machine's cycles by these terms."""
    facts = ContractFacts(
        customer_id=works.customer.pk, title="Air by use", starts_on=date(2026, 1, 1), **more
    )
    item = ItemFacts(works.machine.asset.pk, "cycles", "cycles", meter_terms=terms)
    contract = draft_contract(facts=facts, items=[item], plan=PLAN, now=works.now, actor="Anna")
    offer_contract(contract=contract, now=works.now, actor="Anna")
    with company_context(works.customer):
        shown = Contract.objects.get(pk=contract.pk)
        sign_contract(
            contract_id=shown.pk, content=content_sha256(shown), now=works.now, actor="Carl"
        )
    run_waiting_jobs(now=works.now)
    contract.refresh_from_db()
    return contract


def test_another_channel_stands_in_and_the_record_says_why(tracked: Works, month: Month) -> None:
    tracked.send("cycles", *DEVICE)
    tracked.send("gps", *GPS)
    contract = agreed(tracked, STANDS_IN)
    order = MeteringOrder.objects.get()
    assert order.source_codes == ("cycles", "gps")
    january, february = metered(tracked, contract, month("2026-01"), month("2026-02"))
    # 20 days less six hours by the device, the rest of the month by the other channel.
    assert january.quantity == 2 * 24 * 31
    assert february.quantity == 2 * 24 * 28
    figures = UsageFigures.from_dict(january.figures)
    assert figures.of_record is not None
    own, stood_in = figures.of_record.parts
    assert (own.source, own.quantity) == ("device", 2 * (24 * 20 - 6))
    assert stood_in.source == "channel:gps"
    assert stood_in.silent_since == instant(DEVICE[-1][0])
    assert not january.warns
    period = month("2026-01")
    readings = readings_of(january, reader="test", now=tracked.now)
    assert recompute(figures, readings, period, "Europe/Berlin") == []
    wanted = [(contract, month("2026-03"))]
    [preview] = usage_preview(wanted=wanted, now=tracked.now)[contract.pk]  # type: ignore[misc]
    [march] = metered(tracked, contract, month("2026-03"))
    assert preview.quantity == march.quantity
    assert readings_needed_from(tracked.now) <= instant("2026-01-01T00:00:00+01:00")


def test_the_nightly_check_reads_each_source_and_finds_the_one_that_was_tampered_with(
    tracked: Works, month: Month
) -> None:
    tracked.send("cycles", *DEVICE)
    tracked.send("gps", *GPS)
    metered(tracked, agreed(tracked, STANDS_IN), month("2026-01"))
    [check] = [check for check in COMPANY_CHECKS if check.name == "digests_match"]
    assert list(check.find(tracked.now)) == []
    with connection.cursor() as cursor:
        cursor.execute(
            "update telemetry_level set value = value + 1 where channel_id ="
            " (select id from telemetry_channel where code = 'gps') and measured_at = %s",
            [GPS[90][0]],
        )
    [found] = check.find(tracked.now)
    assert "another digest" in found


def test_what_comes_back_counts_where_it_comes_back_and_nothing_is_billed_twice(
    tracked: Works, month: Month
) -> None:
    tracked.send("cycles", *DEVICE)
    tracked.send("gps", *hourly("2026-01-01T00:00:00+01:00", 24 * 70, 50, 3))
    contract = agreed(tracked, STANDS_IN)
    [january] = metered(tracked, contract, month("2026-01"))
    stood_in = 3 * (24 * 11 + 6)
    assert january.quantity == 2 * (24 * 20 - 6) + stood_in
    tracked.send("cycles", *hourly("2026-02-10T00:00:00+01:00", 24 * 30, 2920, 2))
    run_waiting_jobs(now=tracked.now)
    # What the device says in February moves nothing in January.
    assert not UsageRecord.objects.filter(replaces=january).exists()
    [february] = metered(tracked, contract, month("2026-02"))
    device_in_all = 2920 + 2 * 24 * 19 - int(DEVICE[-1][1])
    assert february.quantity == device_in_all - stood_in
    assert february.warns


def test_a_late_reading_of_the_device_takes_the_place_of_what_stood_in(
    tracked: Works, month: Month
) -> None:
    tracked.send("cycles", *DEVICE)
    tracked.send("gps", *hourly("2026-01-01T00:00:00+01:00", 24 * 70, 50, 3))
    contract = agreed(tracked, STANDS_IN)
    [january] = metered(tracked, contract, month("2026-01"))
    tracked.send("cycles", ("2026-02-01T00:00:00+01:00", str(1000 + 2 * 24 * 31)))
    run_waiting_jobs(now=tracked.now)
    newer = UsageRecord.objects.get(replaces=january)
    assert newer.quantity == 2 * 24 * 31
    figures = UsageFigures.from_dict(newer.figures)
    assert figures.of_record is not None
    assert [part.source for part in figures.of_record.parts][-1] == "device"


def test_any_order_of_arrival_gives_the_same(tracked: Works, month: Month) -> None:
    rows = [("cycles", *row) for row in DEVICE] + [("gps", *row) for row in GPS]
    random.Random(3).shuffle(rows)
    for code, at, value in rows:
        tracked.send(code, (at, value))
    contract = agreed(tracked, STANDS_IN)
    [january] = metered(tracked, contract, month("2026-01"))
    assert january.quantity == 2 * 24 * 31


def test_running_usage_of_an_open_period_ends_now(tracked: Works) -> None:
    tracked.send("cycles", *DEVICE)
    agreed(tracked, STANDS_IN)
    refresh_provisional(now=instant("2026-01-10T00:00:00+01:00"))
    row = ProvisionalUsage.objects.get(period_start=month_period("2026-01", "Europe/Berlin").start)
    assert row.quantity == 2 * 24 * 9


def test_an_expired_meter_marks_the_record_or_parks_the_contract(
    works: Works, month: Month
) -> None:
    works.send("cycles", *DEVICE)
    channel = works.machine.channels["cycles"]
    over = MeterVersion(None, "M-1", "1", date(2026, 1, 15))
    describe_meter(channel=channel, version=over, reason="sticker", by="Anna", now=works.now)
    [marked] = metered(works, works.contract(), month("2026-01"))
    assert marked.warns
    contract = agreed(works, MeterTerms(expired="park"))
    wanted = [(contract, month("2026-01"))]
    answer = meter_periods(wanted=wanted, now=works.now)[contract.pk]
    params = {
        "asset": "Compressor SN-1",
        "channel": "cycles",
        "serial": "M-1",
        "until": "2026-01-15",
    }
    assert answer == NotMetered("meter_not_verified", params)
    assert usage_preview(wanted=wanted, now=works.now)[contract.pk] == answer
    valid = MeterVersion(None, "M-1", "1", date(2026, 1, 31))
    describe_meter(channel=channel, version=valid, reason="verified", by="Anna", now=works.now)
    [record] = metered(works, contract, month("2026-01"))
    assert not record.warns


@pytest.mark.parametrize(
    ("channel", "sources"),
    [("energy", ("declared",)), ("energy", ("device", "channel:cycles")), ("cycles", ("device", "channel:hours")),
     ("cycles", ("device", "channel:cycles")), ("cycles", ("device", "channel:pressure")),
     ("cycles", ("device", "channel:nothing"))],
)  # fmt: skip
def test_sources_that_cannot_count_are_refused_and_nothing_is_drafted(
    works: Works, channel: str, sources: tuple[str, ...]
) -> None:
    from tests.integration.metering.conftest import ENERGY

    item = ItemFacts(works.machine.asset.pk, channel, channel, meter_terms=MeterTerms(sources))
    facts = ContractFacts(customer_id=works.customer.pk, title="No", starts_on=date(2026, 1, 1))
    with pytest.raises(ValidationError) as refused:
        draft_contract(
            facts=facts, items=[item], plan=ENERGY if channel == "energy" else PLAN, now=works.now,
            actor="Anna",
        )  # fmt: skip
    assert "items" in refused.value.message_dict
    assert not Contract.objects.exists()


def test_terms_that_say_nothing_leave_what_was_signed_as_it_was(works: Works) -> None:
    contract = agreed(works, MeterTerms())
    assert ContractItem.objects.get(contract=contract).meter_terms is None


def test_the_pages_say_who_counted(
    tracked: Works, month: Month, client_of: Any, cast: dict[str, Any]
) -> None:
    tracked.send("cycles", *DEVICE)
    tracked.send("gps", *hourly("2026-01-01T00:00:00+01:00", 24 * 70, 50, 3))
    contract = agreed(tracked, STANDS_IN)
    [january] = metered(tracked, contract, month("2026-01"))
    client = client_of(cast["provider"])
    page = client.get(f"/usage/{january.public_id}/").text
    assert "Who counted" in page
    assert "stands in: the device is silent since" in page
    sheet = client.get(f"/contracts/{contract.public_id}/").text
    assert "of silence stands in: channel gps" in sheet
    assert "others may differ by 5 %" in sheet
    assert "1 usage record" not in client.get("/usage/needs/").text
    assert "to check" in client.get("/usage/needs/").text
    listed = client.get("/usage/to-check/").text
    assert january.public_id in listed


def test_the_fields_of_a_draft_keep_what_was_agreed(
    tracked: Works, client_of: Any, cast: dict[str, Any]
) -> None:
    covered = f"{tracked.machine.asset.pk}:cycles"
    typed = {"covered": covered, "stand_in": "gps",
             "silent_after": "48", "deviation": "2,5", "expired": "park"}  # fmt: skip
    form = ItemForm(typed, choices=[(covered, "Cycles")])
    assert form.is_valid(), form.errors
    terms = MeterTerms(("device", "channel:gps"), 48, Decimal("2.5"), "park")
    assert form.terms() == terms
    contract = agreed(tracked, terms)
    [initial] = item_initial(contract)
    assert (initial["stand_in"], initial["expired"]) == ("gps", "park")
    bad = ItemForm({**typed, "stand_in": "a,a"}, choices=[(covered, "Cycles")])
    assert not bad.is_valid()
    assert "stand_in" in bad.errors
