"""A component's usage record: from mountings and its hosts' readings, by whoever collects them."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from apps.assets.domain.facts import AssetFacts
from apps.assets.domain.mounting import MountFacts
from apps.assets.models import DataGrant, Mounting
from apps.assets.operations import exchange_component, register_assets, withdraw_mounting
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.models import Contract, ContractItem
from apps.contracts.operations import (
    accept_cover,
    draft_contract,
    end_contract,
    offer_contract,
    propose_cover,
    sign_contract,
)
from apps.contracts.queries import content_sha256
from apps.events.operations import run_waiting_jobs
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.recomputation import recompute
from apps.metering.models import BilledPeriod, MeteringOrder, ProvisionalUsage, UsageRecord
from apps.metering.operations import Metered, NotMetered, meter_periods
from apps.metering.queries import usage_preview
from apps.metering.queries.readings import readings_of
from apps.telemetry.operations import recompute_dirty, sync_channels
from apps.tenancy.context import company_context
from apps.tenancy.operations import make_acquaintance
from tests.integration.assets.fleet import AXLE, LAYOUT, ODOMETER, Fleet, at, host_type, make_fleet

Month = Callable[..., Any]
PLAN: dict[str, Any] = {
    "name": "Tire kilometres", "currency": "EUR",
    "charges": [{"model": "per_unit", "code": "km", "title": "Tire kilometres", "meter": "km",
                 "unit": "km", "unit_price": "0.004"}],
}  # fmt: skip


@pytest.fixture
def fleet(cast: dict[str, Any], now: datetime) -> Iterator[Fleet]:
    with company_context(cast["provider"]):
        yield make_fleet(cast["provider"], cast["customer"], now)


def agreed(fleet: Fleet, *tires: str) -> Contract:
    """A contract in force on the kilometres of these tires."""
    items = [
        ItemFacts(fleet.assets[tire].pk, "odometer", "km", follows_host=True) for tire in tires
    ]
    facts = ContractFacts(fleet.customer.pk, "Tires by the kilometre", date(2026, 1, 1))
    contract = draft_contract(facts=facts, items=items, plan=PLAN, now=fleet.now)
    offer_contract(contract=contract, now=fleet.now, actor="Anna")
    with company_context(fleet.customer):
        content = content_sha256(Contract.objects.get(pk=contract.pk))
        sign_contract(contract_id=contract.pk, content=content, now=fleet.now, actor="Carl")
    run_waiting_jobs(now=fleet.now)
    contract.refresh_from_db()
    return contract


def records_of(fleet: Fleet, contract: Contract, *periods: Any) -> list[UsageRecord]:
    found = []
    for period in periods:
        answer = meter_periods(wanted=[(contract, period)], now=fleet.now)[contract.pk]
        assert isinstance(answer, Metered), answer
        BilledPeriod.objects.filter(pk=answer.period.pk).update(state="billed")
        found += answer.records
    return found


def drive(fleet: Fleet) -> None:
    """Truck 1 from 1,000 km, truck 2 from 413,000 km; one reading an evening."""
    for serial, first in (("TRUCK-1", 1000), ("TRUCK-2", 413000)):
        pairs = [
            (datetime(2025, 12, 31, 20, tzinfo=UTC).isoformat(), str(first)),
            *((datetime(2026, month, day, 20, tzinfo=UTC).isoformat(),
               str(first + (31 * (month - 1) + day) * 100))
              for month in (1, 2) for day in range(1, 29)),
        ]  # fmt: skip
        fleet.send(serial, *pairs)


def move(fleet: Fleet, tire: str, host: str, when: str, **values: str) -> None:
    facts = MountFacts(
        fleet.assets[tire].pk, fleet.assets[host].pk, "FL", at(when),
        Decimal(values["value"]) if "value" in values else None,
    )  # fmt: skip
    left = values.get("left")
    exchange_component(facts=facts, from_value=left and Decimal(left), now=fleet.now)  # type: ignore[arg-type]
    run_waiting_jobs(now=fleet.now)


def test_a_tire_that_moves_bills_each_trucks_kilometres_to_the_metre(
    fleet: Fleet, month: Month
) -> None:
    drive(fleet)
    fleet.mount("T1", "TRUCK-1", "FL", "2025-12-01T00:00:00Z")
    contract = agreed(fleet, "T1")
    move(fleet, "T1", "TRUCK-2", "2026-01-14T10:00:00Z", left="2350.5", value="414362")
    january, february = records_of(fleet, contract, month("2026-01"), month("2026-02"))
    figures = UsageFigures.from_dict(january.figures)
    first, second = figures.parts
    # 1,000 → 2,350.5 and 414,362 → 415,800 (28 January); the odometers' difference bills nothing.
    assert (first.quantity, second.quantity) == (Decimal("1350.5"), Decimal("1438"))
    assert january.quantity == Decimal("2788.5")
    assert not first.closing.interpolated  # type: ignore[union-attr]
    assert not second.opening.interpolated  # type: ignore[union-attr]
    assert february.quantity == 3100
    assert sum(day.quantity for day in figures.daily) == january.quantity
    readings = readings_of(january, reader="test", now=fleet.now)
    assert len(readings) == figures.reading_count
    assert recompute(figures, readings, month("2026-01"), "Europe/Berlin") == []


def test_a_missing_value_is_interpolated_and_put_right_by_a_later_reading(
    fleet: Fleet, month: Month
) -> None:
    drive(fleet)
    fleet.mount("T1", "TRUCK-1", "FL", "2025-12-01T00:00:00Z")
    contract = agreed(fleet, "T1")
    move(fleet, "T1", "TRUCK-2", "2026-01-14T08:00:00Z")
    wanted = [(contract, month("2026-01"))]
    [before] = meter_periods(wanted=wanted, now=fleet.now)[contract.pk].records  # type: ignore[union-attr]
    figures = UsageFigures.from_dict(before.figures)
    # Half way between 2,300 and 2,400 km, and between 414,300 and 414,400 km.
    assert [part.quantity for part in figures.parts] == [1350, 1450]
    assert figures.parts[0].closing.interpolated  # type: ignore[union-attr]
    fleet.send("TRUCK-1", ("2026-01-14T09:00:00Z", "2390"))
    [after] = meter_periods(wanted=wanted, now=fleet.now)[contract.pk].records  # type: ignore[union-attr]
    assert (after.generation, after.replaces_id) == (2, before.pk)
    # 2,300 at 20:00, 2,390 at 09:00 thirteen hours later: 83.076923 by 08:00.
    [part, _] = UsageFigures.from_dict(after.figures).parts
    assert part.quantity == Decimal("1383.076923")


def test_a_tire_on_a_trailer_follows_the_tractor_and_a_spare_counts_nothing(
    fleet: Fleet, month: Month
) -> None:
    drive(fleet)
    fleet.mount("T1", "TRAILER-1", "TL", "2025-12-01T00:00:00Z")
    fleet.mount("T2", "TRUCK-1", "SP", "2025-12-01T00:00:00Z")
    fleet.mount("TRAILER-1", "TRUCK-1", "coupling", "2026-01-10T20:00:00Z", "2000")
    contract = agreed(fleet, "T1", "T2", "T3")
    found = {row.asset_label: row for row in records_of(fleet, contract, month("2026-01"))}
    assert {name: row.quantity for name, row in found.items()} == {"T1": 1800, "T2": 0, "T3": 0}
    [part] = UsageFigures.from_dict(found["T1"].figures).parts
    assert (part.stay.via, part.stay.host_label) == (("Trailer-1",), "Truck-1")
    [spare] = UsageFigures.from_dict(found["T2"].figures).parts
    assert (spare.gross, spare.stay.factor) == (2800, 0)
    assert UsageFigures.from_dict(found["T3"].figures).parts == ()


def test_a_lift_axle_counts_the_times_it_was_down(fleet: Fleet, month: Month) -> None:
    drive(fleet)
    fleet.send(
        "TRUCK-1", ("2026-01-05T20:00:00Z", "1"), ("2026-01-15T20:00:00Z", "0"),
        channel="axle_down",
    )  # fmt: skip
    fleet.mount("T1", "TRUCK-1", "LA", "2025-12-01T00:00:00Z")
    [record] = records_of(fleet, agreed(fleet, "T1"), month("2026-01"))
    assert record.quantity == 1000
    figures = UsageFigures.from_dict(record.figures)
    assert [item.figures.method for item in figures.sources] == ["counter", "states"]
    readings = readings_of(record, reader="test", now=fleet.now)
    assert recompute(figures, readings, month("2026-01"), "Europe/Berlin") == []


def test_running_usage_follows_the_hosts_readings(fleet: Fleet, month: Month) -> None:
    fleet.now = datetime(2026, 1, 15, tzinfo=UTC)
    fleet.send("TRUCK-1", ("2025-12-31T20:00:00Z", "1000"), ("2026-01-10T20:00:00Z", "1700"))
    fleet.mount("T1", "TRUCK-1", "FL", "2025-12-01T00:00:00Z")
    recompute_dirty(now=fleet.now)
    contract = agreed(fleet, "T1")
    assert ProvisionalUsage.objects.get().quantity == 700
    fleet.send("TRUCK-1", ("2026-01-12T20:00:00Z", "1900"))
    recompute_dirty(now=fleet.now)
    run_waiting_jobs(now=fleet.now)
    assert ProvisionalUsage.objects.get().quantity == 900
    fleet.now = datetime(2026, 2, 2, tzinfo=UTC)
    [found] = usage_preview(wanted=[(contract, month("2026-01"))], now=fleet.now)[contract.pk]  # type: ignore[misc]
    assert found.quantity == 900


def foreign_truck(fleet: Fleet, maker: Any) -> None:
    """FOREIGN, whose readings the maker collects: 70,000 km to 72,800 km in January."""
    with company_context(maker):
        make_acquaintance(other=fleet.customer, now=fleet.now)
        truck = host_type(maker, "Truck", fleet.now, [ODOMETER, AXLE], LAYOUT)
        facts = AssetFacts(
            truck.pk, "Foreign", "FOREIGN", provider=fleet.provider.pk, customer=fleet.customer.pk
        )
        foreign = register_assets(assets=[facts], now=fleet.now)[0]
        sync_channels(asset_ids=[foreign.pk])
        fleet.assets["FOREIGN"] = foreign
        fleet.send("FOREIGN", ("2025-12-31T20:00:00Z", "70000"), ("2026-01-28T20:00:00Z", "72800"))
        run_waiting_jobs(now=fleet.now)


def jobs_of_all(fleet: Fleet, maker: Any) -> None:
    for company in (fleet.provider, maker) * 2:
        with company_context(company):
            run_waiting_jobs(now=fleet.now)


def host_spans(maker: Any) -> set[tuple[str, str | None]]:
    """From when to when the maker's truck is read for contracts, by both parties alike."""
    with company_context(maker):
        rows = DataGrant.objects.filter(origin="contract").order_by("grantee")
        spans = [
            (row.valid_from.isoformat(), row.valid_until and row.valid_until.isoformat())
            for row in rows
        ]
        assert {row.grantee.slug for row in rows} == {"provider", "customer"}
        assert all(row.of_host and row.channels == ["odometer"] for row in rows)
    assert len(spans) == 2 * len(set(spans))
    return set(spans)


ON, OFF = "2026-01-14T20:00:00+00:00", "2026-01-20T20:00:00+00:00"


def on_foreign(fleet: Fleet, maker: Any) -> Contract:
    """T1 is on the maker's truck since 14 January, under a contract in force."""
    foreign_truck(fleet, maker)
    fleet.mount("T1", "FOREIGN", "FL", ON)
    contract = agreed(fleet, "T1")
    jobs_of_all(fleet, maker)
    assert host_spans(maker) == {(ON, None)}
    return contract


def test_a_host_is_read_no_longer_than_it_carries_the_tire(
    fleet: Fleet, cast: dict[str, Any]
) -> None:
    maker = cast["maker"]
    on_foreign(fleet, maker)
    move(fleet, "T1", "TRUCK-1", OFF, left="72000", value="1000")
    jobs_of_all(fleet, maker)
    assert host_spans(maker) == {(ON, OFF)}
    again = "2026-02-03T20:00:00+00:00"
    move(fleet, "T1", "FOREIGN", again, left="1500", value="73000")
    jobs_of_all(fleet, maker)
    assert host_spans(maker) == {(ON, OFF), (again, None)}


def test_a_mounting_that_never_was_gives_nothing_to_read(
    fleet: Fleet, cast: dict[str, Any]
) -> None:
    maker = cast["maker"]
    on_foreign(fleet, maker)
    withdraw_mounting(mounting=Mounting.objects.get(), reason="never was", now=fleet.now)
    jobs_of_all(fleet, maker)
    assert host_spans(maker) == {(ON, fleet.now.isoformat())}


def test_a_host_is_read_no_longer_than_the_contract(fleet: Fleet, cast: dict[str, Any]) -> None:
    """Its collector has nothing else to do with the contract."""
    maker = cast["maker"]
    contract = on_foreign(fleet, maker)
    end_contract(contract=contract, ends_on=date(2026, 11, 10), now=fleet.now)
    jobs_of_all(fleet, maker)
    assert host_spans(maker) == {(ON, "2026-11-09T23:00:00+00:00")}


def test_a_host_is_read_no_longer_than_the_tire_is_covered(
    fleet: Fleet, cast: dict[str, Any]
) -> None:
    maker = cast["maker"]
    contract = on_foreign(fleet, maker)
    keys = list(ContractItem.objects.values_list("pk", flat=True))
    change = propose_cover(
        contract=contract, added=[], withdrawn=keys, valid_from=date(2026, 11, 10),
        now=fleet.now, actor="Anna",
    )  # fmt: skip
    with company_context(fleet.customer):
        accept_cover(
            contract_id=contract.pk, content=change.content_sha256, now=fleet.now, actor="Carl"
        )
    jobs_of_all(fleet, maker)
    assert host_spans(maker) == {(ON, "2026-11-09T23:00:00+00:00")}


def test_a_host_that_another_company_collects_is_ordered_there_and_both_records_sum(
    fleet: Fleet, cast: dict[str, Any], month: Month, client_of: Callable[..., Any]
) -> None:
    drive(fleet)
    maker = cast["maker"]
    foreign_truck(fleet, maker)
    fleet.mount("T1", "TRUCK-1", "FL", "2025-12-01T00:00:00Z")
    contract = agreed(fleet, "T1")
    assert MeteringOrder.objects.get().collector_id == fleet.provider.pk
    move(fleet, "T1", "FOREIGN", "2026-01-14T20:00:00Z", left="2400", value="71400")
    with company_context(maker):
        run_waiting_jobs(now=fleet.now)
        order = MeteringOrder.objects.get()
        assert [stay["host_label"] for stay in order.stays] == ["Foreign"]
        grants = DataGrant.objects.written_by(maker)
        assert {row.grantee_id for row in grants} == {fleet.provider.pk, fleet.customer.pk}
        assert all(row.channels == ["odometer"] for row in grants if row.origin == "contract")
    wanted = [(contract, month("2026-01"))]
    waiting = meter_periods(wanted=wanted, now=fleet.now)[contract.pk]
    assert isinstance(waiting, NotMetered)
    assert waiting.reason == "waiting_for_collector"
    with company_context(maker):
        run_waiting_jobs(now=fleet.now)
    run_waiting_jobs(now=fleet.now)
    records = records_of(fleet, contract, month("2026-01"))
    assert {row.author_id: row.quantity for row in records} == {
        fleet.provider.pk: 1400, maker.pk: 1400,
    }  # fmt: skip
    [theirs] = [row for row in records if row.author_id == maker.pk]
    # The grant opens what was driven with the tire; the record rests on one reading more.
    readings = readings_of(theirs, reader="test", now=fleet.now)
    assert [item.value for item in readings] == [71400, 72800]
    page = client_of(fleet.provider).get(reverse("usage_record_readings", args=[theirs.public_id]))
    assert "rests on 3 readings" in page.content.decode()


def test_a_withdrawn_mounting_takes_its_order_back(fleet: Fleet, month: Month) -> None:
    drive(fleet)
    made = fleet.mount("T1", "TRUCK-1", "FL", "2025-12-01T00:00:00Z")
    contract = agreed(fleet, "T1")
    withdraw_mounting(mounting=made, reason="never was", now=fleet.now)
    run_waiting_jobs(now=fleet.now)
    assert MeteringOrder.objects.get().stays == []
    [record] = records_of(fleet, contract, month("2026-01"))
    assert record.quantity == 0


def test_the_pages_show_parts_positions_and_the_use_over_each_mounting(
    fleet: Fleet, month: Month, client_of: Callable[..., Any]
) -> None:
    drive(fleet)
    fleet.mount("T1", "TRUCK-1", "FL", "2025-12-01T00:00:00Z")
    contract = agreed(fleet, "T1")
    move(fleet, "T1", "TRUCK-2", "2026-01-14T08:00:00Z", left="2350")
    fleet.mount("T2", "TRUCK-1", "FL", "2026-01-20T20:00:00Z", "3000")
    run_waiting_jobs(now=fleet.now)
    recompute_dirty(now=fleet.now)
    [record] = records_of(fleet, contract, month("2026-01"))
    client = client_of(fleet.provider)
    page = client.get(reverse("usage_record", args=[record.public_id])).content.decode()
    assert "interpolated" in page
    # Truck 2 between 414,300 and 414,400 km, truck 1 at 2,350 km.
    assert "412,000" in page
    truck, tire = fleet.assets["TRUCK-1"], fleet.assets["T1"]
    address = reverse("host_positions", args=[truck.public_id])
    page = client.get(address, {"month": "2026-01"}).content.decode()
    for figure in ("1,350", "650", "800", "2,800"):
        assert f"{figure}\u00a0km" in page or f"{figure} km" in page, figure
    assert client.get(address, {"month": "nonsense"}).status_code == 422
    used = client.get(reverse("mounting_usage", args=[tire.public_id])).content.decode()
    assert "1,350" in used
