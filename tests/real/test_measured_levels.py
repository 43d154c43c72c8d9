"""Gauges and states billed as they are: no counter, nothing derived, the aggregate in the contract."""

import gzip
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW
from tests.real import test_compressor, test_hydraulic_rig
from tests.real.invoicing import bill, cents, per_unit, plan, proved
from tests.real.test_compressor import compressor
from tests.real.test_hydraulic_rig import rig

__all__ = ["compressor", "rig"]
pytestmark = pytest.mark.real

FINE = Decimal("0.0001")
HOT = 50


def measured(aggregate: str, unit: str, hold: int, value: int) -> Any:
    from apps.telemetry.domain.measures import LevelMeasure

    return LevelMeasure(aggregate, unit, hold, Decimal(value), FINE)


def agree_on(
    provider: Any, customer: Any, serial: str, starts_on: date, measures: Sequence[tuple[Any, ...]]
) -> None:
    """A contract in force over (channel, meter, unit, price, measure) of one asset."""
    from apps.assets.models import Asset
    from apps.contracts.domain.facts import ContractFacts, ItemFacts
    from apps.contracts.models import Contract
    from apps.contracts.operations import draft_contract, offer_contract, sign_contract
    from apps.contracts.queries import content_sha256
    from apps.events.operations import run_waiting_jobs
    from apps.telemetry.operations import sync_channels
    from apps.tenancy.context import company_context

    asset = Asset.objects.get(serial=serial)
    sync_channels(asset_ids=[asset.pk])
    items = [ItemFacts(asset.pk, code, meter, measure=m) for code, meter, _u, _p, m in measures]
    charges = [per_unit(meter, unit, price) for _code, meter, unit, price, _measure in measures]
    terms = ContractFacts(customer_id=customer.pk, title="Levels", starts_on=starts_on)
    person: Any = "test"
    contract = draft_contract(
        facts=terms, items=items, plan=plan("Levels", *charges), now=NOW, actor=person
    )
    offer_contract(contract=contract, now=NOW, actor=person)
    with company_context(customer):
        content = content_sha256(Contract.objects.get(pk=contract.pk))
        sign_contract(contract_id=contract.pk, content=content, now=NOW, actor=person)
    with company_context(provider):
        run_waiting_jobs(now=NOW)


def quantities(invoices: Sequence[Any]) -> dict[str, Decimal]:
    """Of all invoices of the contract by meter."""
    found: dict[str, Decimal] = {}
    for invoice in invoices:
        for line in invoice.lines.all():
            found[line.charge] = found.get(line.charge, Decimal(0)) + line.quantity
    return found


def of_levels(invoices: Sequence[Any]) -> list[Any]:
    return [invoice for invoice in invoices if invoice.contract.title == "Levels"]


def test_a_compressors_state_and_current_give_the_hours_that_are_derived_of_them(
    compressor: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    provider: Any, cast: dict[str, Any], tmp_path: Path,
) -> None:  # fmt: skip
    path = recording(test_compressor.FILE)
    take_file(path, "apu", test_compressor.MAPPING)
    agree_on(provider, cast["customer"], "APU-1", date(2020, 2, 1), [
        ("current", "running", "h", "18.40", measured("time_above", "A", test_compressor.HOLD, 1)),
        ("idle", "loaded", "h", "42.00", measured("time_in", "1", test_compressor.HOLD, 0)),
        ("idle", "loads", "{start}", "0.33", measured("entries", "1", test_compressor.HOLD, 0)),
    ])  # fmt: skip
    invoices = of_levels(bill(["2020-02"]))
    proved(invoices, provider, tmp_path)
    hours = test_compressor.hours_by_hand(path)
    assert quantities(invoices) == {**hours, "loads": test_compressor.CYCLES}


def test_a_rig_is_billed_by_the_condition_its_cooler_was_in(
    rig: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    provider: Any, cast: dict[str, Any], tmp_path: Path,
) -> None:  # fmt: skip
    """Each cycle lasts a minute; near failure for 732 of them, and for some hotter than 50 degrees."""
    path = recording(test_hydraulic_rig.FILE)
    take_file(path, "rig", test_hydraulic_rig.CYCLES)
    take_file(recording(test_hydraulic_rig.LABELS), "labels", test_hydraulic_rig.CONDITION)
    agree_on(provider, cast["customer"], "RIG-1", date(2020, 2, 1), [
        ("cooler", "failing", "h", "9.00", measured("time_in", "%", 60, 3)),
        ("cooler", "reduced", "h", "4.00", measured("time_in", "%", 60, 20)),
        ("oil", "hot", "h", "1.50", measured("time_above", "Cel", 60, HOT)),
    ])  # fmt: skip
    invoices = of_levels(bill(["2020-03"]))
    proved(invoices, provider, tmp_path)
    with gzip.open(path, "rt") as file:
        hot = sum(Decimal(line.split("\t")[0]) > HOT for line in file)
    found = quantities(invoices)
    assert {name: round(hours * 60) for name, hours in found.items()} == {
        "failing": 732, "reduced": 732, "hot": hot,
    }  # fmt: skip
    net = {"failing": "9.00", "reduced": "4.00", "hot": "1.50"}
    assert sum(invoice.net_minor for invoice in invoices) == sum(
        cents(line.quantity * Decimal(net[line.charge]))
        for invoice in invoices for line in invoice.lines.all()
    )  # fmt: skip
