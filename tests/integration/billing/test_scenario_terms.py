"""What a scenario file may say about usage: the demo's contract by the cubic metre, billed and proved."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from apps.assets.models import Asset
from apps.billing.models import InvoiceLine
from apps.blueprints.domain.scenario import ScenarioError, parse
from apps.blueprints.operations import load_scenario
from apps.contracts.models import Contract, ContractItem
from apps.contracts.wording.items import item_words
from apps.demo.domain.history import story
from apps.demo.operations import scenario_text
from apps.metering.models import DeclaredReading
from apps.telemetry.domain.sources import MeterTerms
from apps.telemetry.models import Channel
from apps.telemetry.operations import RawItem, recompute_dirty, sync_channels, take_in
from apps.tenancy.context import company_context, no_company
from tests.integration.billing.scene import NOW
from tests.integration.billing.test_gauges_and_states import october, verify

TITLE = "Compressed air by the cubic metre"
FROM = datetime(2026, 9, 30, 22, tzinfo=UTC)
UNTIL = datetime(2026, 10, 6, 22, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


RINSING = "Rinsing by the hour and the litre"
DECLARED = "Tires by the kilometre, truck without telematics"


def part_of_the_demo(
    kind: str = "Compressor RX 90", title: str = TITLE, *more: str
) -> dict[str, Any]:
    """Machines of a kind and their contract, between the provider and customer of the tests."""
    text = scenario_text(date(2026, 10, 1))
    for here, there in (
        ("clearwash", "provider"),
        ("heidemilch", "customer"),
        ("falkfracht", "customer"),
    ):
        text = text.replace(here, there)
    for other in ("rotorwerke", "kontorlease"):
        text = text.replace(f"manufacturer: {other}, ", "").replace(f"owner: {other}, ", "")
    whole = yaml.safe_load(text)
    return {
        "format": 1,
        "asset_types": [row for row in whole["asset_types"] if row["name"] == kind],
        "assets": [row for row in whole["assets"] if row["type"] == kind],
        "contracts": [_alone(row) for row in whole["contracts"] if row["title"] == title],
        **{name: whole[name] for name in more},
    }


def _alone(contract: dict[str, Any]) -> dict[str, Any]:
    """Without the network, the partners and the data clause that the tests do not have."""
    return {
        name: value for name, value in contract.items() if name not in ("network", "split", "data")
    }


def loaded(content: dict[str, Any]) -> None:
    scenario, lines = parse(yaml.safe_dump(content))
    with no_company():
        load_scenario(scenario=scenario, lines=lines, now=NOW)


def test_the_whole_demo_is_a_scenario() -> None:
    scenario, _lines = parse(scenario_text(date(2026, 11, 1)))
    assert TITLE in {part.title for part in scenario.contracts}


def test_the_demos_contract_by_the_cubic_metre_is_billed_and_proved(
    provider: Any, cast: dict[str, Any], tmp_path: Path
) -> None:
    loaded(part_of_the_demo())
    with company_context(provider):
        contract = Contract.objects.get(title=TITLE)
        items = {item.meter: item for item in ContractItem.objects.filter(contract=contract)}
        assert item_words(items["air"]) == [
            "counts only while pressure is at least 6.2\u00a0bar (a reading holds for at most 90\u00a0min)",
            "a silence longer than 3\u00a0h is estimated on a straight line between the readings around it",
            "opens with 41,020\u00a0m³",
        ]
        assert items["peak"].group_of["aggregate"] == "maximum"
        for serial in ("RX90-3301", "RX91-3302"):
            sent(serial)
    (invoice,) = october(provider)
    with company_context(provider):
        lines = {line.charge: line for line in InvoiceLine.objects.order_by("-tier")}
    assert set(lines) == {"air", "loaded", "peak", "energy"}
    assert lines["peak"].asset_label == "Halls 4 and 5"
    assert lines["loaded"].quantity > 0
    code, answer = verify(tmp_path, provider, invoice)
    assert (code, answer["result"]) == (0, "verified"), answer


def sent(serial: str) -> None:
    """What the story tells of an asset in its first days; the company is entered already."""
    asset = Asset.objects.get(serial=serial)
    sync_channels(asset_ids=[asset.pk])
    told = list(islice(story(serial, FROM, UNTIL), 5000))
    items = [
        RawItem(n, asset.public_id, one.channel, one.measured_at.isoformat(), one.value)
        for n, one in enumerate(told)
    ]
    take_in(source="test", now=NOW, items=items)
    recompute_dirty(now=NOW)


def test_the_demos_state_and_its_weighed_meter_are_billed_and_proved(
    provider: Any, cast: dict[str, Any], tmp_path: Path
) -> None:
    loaded(part_of_the_demo("Rinsing station S4", RINSING, "meters"))
    with company_context(provider):
        items = {item.meter: item for item in ContractItem.objects.all()}
        assert items["water"].agreed_meter == MeterTerms(
            ("device", "channel:check"), 24, Decimal(3), "park"
        )
        sent("S4-6001")
        channel = Channel.objects.get(code="water")
        assert [one.factor for one in channel.meter_versions] == [Decimal("2.5"), Decimal("2.48")]
        marked = channel.days.get(day=date(2026, 10, 2)).version
    loaded(part_of_the_demo("Rinsing station S4", RINSING, "meters"))
    (invoice,) = october(provider)
    with company_context(provider):
        assert channel.days.get(day=date(2026, 10, 2)).version == marked
        lines = {line.charge: line for line in InvoiceLine.objects.all()}
    assert 0 < lines["running"].quantity < 24 * 6
    assert lines["water"].unit == "m3"
    code, answer = verify(tmp_path, provider, invoice)
    assert (code, answer["result"]) == (0, "verified"), answer


def test_what_a_scenario_declares_is_declared_once(provider: Any, cast: dict[str, Any]) -> None:
    content = part_of_the_demo("Truck without telematics", DECLARED, "declared_readings")
    for row in content["assets"]:
        row.pop("owner", None)
    loaded(content)
    content["declared_readings"][0]["value"] = "1"
    loaded(content)
    with company_context(cast["customer"]):
        said = DeclaredReading.objects.order_by("read_at").values_list("value", flat=True)
        assert list(said) == [233150, 240265]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (
            {"only_while": [{"channel": "pressure", "hold_seconds": "60"}]},
            r"items\[0\].only_while\[0\]: Choose what is asked",
        ),
        (
            {"measure": {"aggregate": "median", "hold_seconds": "60"}},
            r"items\[0\].measure: Choose what is billed",
        ),
        (
            {"meter_terms": {"sources": ["declared", "channel:energy"]}},
            r"items\[0\].meter_terms: What the customer declares has no other source",
        ),
        (
            {"meter_terms": {"sources": ["device", "channel:power"]}},
            r"contracts\[0\].items: Row 1: power does not count in the unit",
        ),
        ({"meter_terms": {"sources": []}}, r"items\[0\].meter_terms.sources"),
        ({"meter_terms": {"sources": ["device"], "expired": "ask"}}, "Invalid enum value 'ask'"),
        ({"gaps": {"rule": "guess", "longer_than_seconds": "60"}}, "Invalid enum value"),
        ({"group": {"name": "Hall", "billed": "count_above"}}, "Enter the level above"),
    ],
)
def test_what_makes_no_sense_is_named(
    provider: Any, cast: dict[str, Any], item: dict[str, Any], words: str
) -> None:
    content = part_of_the_demo()
    contract = content["contracts"][0]
    contract["items"] = [{"asset": "RX90-3301", "channel": "air", "meter": "air", **item}]
    contract["plan"]["charges"] = contract["plan"]["charges"][:1]
    with pytest.raises(ScenarioError, match=words):
        loaded(content)
    with company_context(provider):
        assert not Contract.objects.exists()


def test_a_fault_names_its_line(provider: Any, cast: dict[str, Any]) -> None:
    content = part_of_the_demo("Rinsing station S4", RINSING, "meters")
    content["meters"][1]["factor"] = "0"
    text = yaml.safe_dump(content)
    with pytest.raises(ScenarioError) as refused:
        loaded(content)
    [fault] = refused.value.faults
    assert (fault.where, fault.reason) == ("meters[1].factor", "A factor is above zero.")
    assert "factor: '0'" in text.splitlines()[fault.line - 1]
