"""What a scenario file may say about usage: the demo's contract by the cubic metre, billed and proved."""

from datetime import UTC, date, datetime
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


def part_of_the_demo() -> dict[str, Any]:
    """The compressors and their contract, between the provider and customer of the tests."""
    text = scenario_text(date(2026, 10, 1))
    for here, there in (("clearwash", "provider"), ("heidemilch", "customer")):
        text = text.replace(here, there)
    for other in ("rotorwerke", "kontorlease"):
        text = text.replace(f"manufacturer: {other}, ", "").replace(f"owner: {other}, ", "")
    whole = yaml.safe_load(text)
    return {
        "format": 1,
        "asset_types": [row for row in whole["asset_types"] if row["name"] == "Compressor RX 90"],
        "assets": [row for row in whole["assets"] if row["type"] == "Compressor RX 90"],
        "contracts": [row for row in whole["contracts"] if row["title"] == TITLE],
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
        for asset in Asset.objects.filter(serial__startswith="RX9"):
            sync_channels(asset_ids=[asset.pk])
            told = list(islice(story(asset.serial, FROM, UNTIL), 5000))
            take_in(source="test", now=NOW, items=[
                RawItem(n, asset.public_id, one.channel, one.measured_at.isoformat(), one.value)
                for n, one in enumerate(told)
            ])  # fmt: skip
        recompute_dirty(now=NOW)
    (invoice,) = october(provider)
    with company_context(provider):
        lines = {line.charge: line for line in InvoiceLine.objects.order_by("-tier")}
    assert set(lines) == {"air", "loaded", "peak", "energy"}
    assert lines["peak"].asset_label == "Halls 4 and 5"
    assert lines["loaded"].quantity > 0
    code, answer = verify(tmp_path, provider, invoice)
    assert (code, answer["result"]) == (0, "verified"), answer


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"only_while": [{"channel": "pressure", "hold_seconds": "60"}]}, "bad_test"),
        ({"measure": {"aggregate": "median", "hold_seconds": "60"}}, "bad_aggregate"),
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
