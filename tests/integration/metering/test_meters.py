"""The meter behind a channel up to the record: factors by date, exchanges, verification, corrections."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.assets.models import TypeChannel
from apps.events.models import AuditRow
from apps.events.operations import run_waiting_jobs
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.recomputation import recompute
from apps.metering.models import ProvisionalUsage, UsageRecord
from apps.metering.operations import NotMetered, meter_periods, refresh_provisional
from apps.metering.queries import usage_preview
from apps.telemetry.domain.meters import MeterVersion
from apps.telemetry.models import Channel, ChannelDay
from apps.telemetry.operations import declare, recompute_dirty, sync_channels
from apps.telemetry.operations.meters import describe_meter, withdraw_meter
from apps.telemetry.queries import readings_between
from apps.telemetry.queries.usage import Span, quantities_of, usage_of
from apps.tenancy.context import company_context
from tests.integration.metering.conftest import Works, instant
from tests.integration.metering.test_metering import metered

Month = Callable[..., Any]
FLOW: dict[str, Any] = {
    "name": "By volume", "currency": "EUR",
    "charges": [{"model": "per_unit", "code": "flow", "title": "Flow", "meter": "flow",
                 "unit": "L", "unit_price": "0.1"}],
}  # fmt: skip
READINGS = (
    ("2026-01-01T00:00:00+01:00", "100"), ("2026-01-10T10:00:00Z", "1100"),
    ("2026-01-20T10:00:00Z", "2100"), ("2026-02-10T10:00:00Z", "3100"),
)  # fmt: skip


@pytest.fixture
def flow(works: Works) -> Works:
    """The machine has a pulse counter that is billed in millilitres."""
    kind = works.machine.asset.asset_type
    TypeChannel.objects.create(
        author=works.provider, parties=[works.provider.pk], asset_type=kind, code="flow",
        title="Flow", kind="counter", unit="{pulse}", usage_unit="mL",
    )  # fmt: skip
    sync_channels(asset_ids=[works.machine.asset.pk])
    works.machine.channels["flow"] = Channel.objects.get(code="flow")
    return works


def describe(works: Works, since: str | None, factor: str | None, **more: Any) -> None:
    version = MeterVersion(
        None if since is None else instant(since), factor=None if factor is None else Decimal(factor),
        **more,
    )  # fmt: skip
    describe_meter(
        channel=works.machine.channels["flow"], version=version, reason="calibrated", by="Anna",
        now=works.now,
    )  # fmt: skip
    works.machine.channels["flow"].refresh_from_db()


def test_pulses_are_billed_as_millilitres_by_the_factor_of_their_time(
    flow: Works, month: Month
) -> None:
    flow.send("flow", *READINGS)
    describe(flow, None, "2.5", serial="M-1", accuracy_class="1")
    describe(flow, "2026-01-15T00:00:00+01:00", "2.4", serial="M-1", accuracy_class="1")
    contract = flow.contract(channel="flow", plan=FLOW)
    january, february = metered(flow, contract, month("2026-01"), month("2026-02"))
    # 1,000 pulses of 2.5 ml and 1,000 of 2.4 ml; then 1,000 of 2.4 ml.
    assert (january.quantity, january.unit) == (Decimal(4900), "mL")
    assert february.quantity == 2400
    figures = UsageFigures.from_dict(january.figures)
    assert [item.counted for item in figures.meters] == [1000, 1000]
    assert sum(day.quantity for day in figures.daily) == 4900
    assert (figures.counted_in, january.reading_unit) == ("{pulse}", "{pulse}")
    period = month("2026-01")
    readings = readings_between(flow.machine.channels["flow"], period.start, period.end)
    assert recompute(figures, readings, period, "Europe/Berlin") == []
    refresh_provisional(now=instant("2026-02-20T00:00:00Z"))
    running = ProvisionalUsage.objects.get(period_start=month("2026-02").start)
    assert running.quantity == 2400


def test_without_a_factor_pulses_are_parked_and_nothing_is_written(
    flow: Works, month: Month
) -> None:
    flow.send("flow", *READINGS)
    contract = flow.contract(channel="flow", plan=FLOW)
    wanted = [(contract, month("2026-01"))]
    answer = meter_periods(wanted=wanted, now=flow.now)[contract.pk]
    assert answer == NotMetered("no_factor", {"asset": "Compressor SN-1", "channel": "flow"})
    assert usage_preview(wanted=wanted, now=flow.now)[contract.pk] == answer
    assert not UsageRecord.objects.exists()
    describe(flow, None, "2.5")
    [preview] = usage_preview(wanted=wanted, now=flow.now)[contract.pk]  # type: ignore[misc]
    assert preview.quantity == 5000


def test_another_factor_makes_billed_records_late_and_only_those_it_moves(
    flow: Works, month: Month
) -> None:
    flow.send("flow", *READINGS)
    describe(flow, None, "2.5")
    contract = flow.contract(channel="flow", plan=FLOW)
    january, february = metered(flow, contract, month("2026-01"), month("2026-02"))
    describe(flow, "2026-01-25T00:00:00+01:00", "2")
    run_waiting_jobs(now=flow.now)
    newer = UsageRecord.objects.get(replaces=february)
    assert (newer.quantity, newer.generation) == (2000, 2)
    # January's meter has a second version in its evidence, and the same quantity.
    assert UsageRecord.objects.get(replaces=january).quantity == 5000
    withdraw_meter(
        channel=flow.machine.channels["flow"], since=instant("2026-01-25T00:00:00+01:00"),
        reason="typing error", by="Anna", now=flow.now,
    )  # fmt: skip
    run_waiting_jobs(now=flow.now)
    assert UsageRecord.objects.get(replaces=newer).quantity == 2500
    actions = list(
        AuditRow.objects.filter(action__startswith="telemetry.").values_list("action", flat=True)
    )
    assert actions.count("telemetry.described_meter") == 2
    assert actions.count("telemetry.withdrew_meter") == 1


def test_the_same_again_changes_nothing(flow: Works) -> None:
    flow.send("flow", *READINGS)
    describe(flow, None, "2.5")
    before = list(ChannelDay.objects.order_by("pk").values_list("pk", "version"))
    describe(flow, None, "2.5")
    assert list(ChannelDay.objects.order_by("pk").values_list("pk", "version")) == before
    assert len(flow.machine.channels["flow"].meters) == 1


def test_an_exchanged_meter_counts_its_part_with_its_own_factor(flow: Works, month: Month) -> None:
    flow.send("flow", *READINGS[:2], ("2026-01-20T10:00:00Z", "40"))
    moment = "2026-01-12T08:00:00+01:00"
    describe(flow, None, "2", serial="M-1")
    declare(
        channel=flow.machine.channels["flow"], kind="exchange", measured_at=instant(moment),
        closing=Decimal(1150), opening=Decimal(10), reason="worn", by="Anna", now=flow.now,
    )  # fmt: skip
    describe(flow, moment, "3", serial="M-2")
    contract = flow.contract(channel="flow", plan=FLOW)
    [january] = metered(flow, contract, month("2026-01"))
    assert january.quantity == (1000 + 50) * 2 + 30 * 3
    figures = UsageFigures.from_dict(january.figures)
    assert [(item.meter.serial, item.counted) for item in figures.meters] == [
        ("M-1", 1050),
        ("M-2", 30),
    ]
    period = month("2026-01")
    readings = readings_between(flow.machine.channels["flow"], period.start, period.end)
    assert recompute(figures, readings, period, "Europe/Berlin") == []


def test_quantities_days_and_evidence_agree_whatever_the_order_of_arrival(
    flow: Works, month: Month
) -> None:
    rows = [(f"2026-01-{day:02d}T{day % 24:02d}:30:00Z", str(day * 37)) for day in range(1, 29)]
    random.Random(7).shuffle(rows)
    for row in rows:
        flow.send("flow", row)
    for day, factor in ((1, "1.5"), (9, "2.25"), (17, "0.75")):
        describe(flow, f"2026-01-{day:02d}T10:15:00Z", factor)
    recompute_dirty(now=flow.now)
    channel = flow.machine.channels["flow"]
    start, end = month("2026-01").start, month("2026-01").end
    middle = instant("2026-01-14T00:00:00Z")
    spans = [Span(channel, *pair, "Asia/Kolkata")
             for pair in ((start, end), (start, middle), (middle, end))]  # fmt: skip
    whole, *parts = [item.quantity for item in quantities_of(spans)]
    assert whole == sum(parts)
    assert [item.quantity for item in usage_of(spans, evidence=True)] == [whole, *parts]
    expected = sum(
        37 * (Decimal("1.5") if day <= 9 else Decimal("2.25") if day < 17 else Decimal("0.75"))
        for day in range(2, 29)
    )
    assert whole == expected
    assert sum(usage_of(spans)[0].daily.values()) == expected


def test_what_may_not_be_said_of_a_meter_is_refused_and_changes_nothing(flow: Works) -> None:
    late = flow.now + timedelta(days=1)
    for code, version in (
        ("flow", MeterVersion(late, factor=Decimal(2))),
        ("pressure", MeterVersion(None, factor=Decimal(2))),
        ("running", MeterVersion(None, factor=Decimal(2))),
    ):
        channel = flow.machine.channels[code]
        with pytest.raises(ValidationError):
            describe_meter(channel=channel, version=version, reason="x", by="Anna", now=flow.now)
        channel.refresh_from_db()
        assert channel.meters == []
    with pytest.raises(ValidationError):
        withdraw_meter(
            channel=flow.machine.channels["flow"], since=None, reason="x", by="Anna", now=flow.now
        )


def test_a_gauge_says_its_meter_without_a_factor(flow: Works) -> None:
    channel = flow.machine.channels["pressure"]
    version = MeterVersion(None, "P-7", "0.5", date(2027, 1, 31))
    describe_meter(channel=channel, version=version, reason="new", by="Anna", now=flow.now)
    channel.refresh_from_db()
    assert channel.meter_versions == [version]


def test_the_pages_of_a_meter(flow: Works, client_of: Any, cast: dict[str, Any]) -> None:
    flow.send("flow", *READINGS)
    client = client_of(cast["provider"])
    page = f"/assets/{flow.machine.asset.public_id}/channels/flow/"
    assert "Describe the meter" in client.get(page).text
    form = {"since": "2026-01-15T00:00", "serial": "M-9", "accuracy_class": "B",
            "verified_until": "2020-06-30", "factor": "2,5", "reason": "calibrated"}  # fmt: skip
    answer = client.post(f"{page}meter/", form)
    assert (answer.status_code, answer.url) == (302, page)
    shown = client.get(page).text
    assert "M-9" in shown
    assert "Verification expired" in shown
    assert "counts as" in shown
    bad = client.post(f"{page}meter/", {**form, "factor": "0"})
    assert (bad.status_code, "Above zero" in bad.text, "M-9" in bad.text) == (422, True, True)
    with company_context(cast["provider"]):
        [version] = Channel.objects.get(code="flow").meter_versions
    assert version.since is not None
    gone = f"{page}meter/{version.since:%Y%m%dT%H%M%S}-000000/withdrawal/"
    assert client.get(gone).status_code == 200
    assert client.post(gone, {"reason": "typing error"}).status_code == 302
    assert client.get(gone).status_code == 404
    assert client.get(f"{page}meter/nonsense/withdrawal/").status_code == 404
    with company_context(cast["provider"]):
        assert Channel.objects.get(code="flow").meters == []


def test_a_moment_of_a_meter_survives_its_form(flow: Works) -> None:
    moment = datetime.fromisoformat("2026-01-15T00:00:00.123456+00:00")
    version = MeterVersion(moment, "M-1", "", None, Decimal("2.5"))
    assert MeterVersion.from_dict(version.to_dict()) == version
