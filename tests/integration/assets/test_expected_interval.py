"""What an upgrade tells the parties of assets registered before: how often they are expected to report."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.db import connection

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.models import Asset
from apps.assets.operations import register_asset_type, register_assets
from apps.assets.queries import with_expected_interval
from apps.tenancy.context import as_owner, no_company
from tests.conftest import NOW

FILL = import_module("apps.assets.migrations.0016_intervals").FILL
# Of one type the shortest of two channels counts; the other never says when it reports.
TYPES = {
    "Press": [
        ChannelFacts("energy", "Energy", "counter", "kW.h", expected_interval_seconds=900),
        ChannelFacts("cycles", "Cycles", "counter", "{cycle}", expected_interval_seconds=3_600),
    ],
    "Tank": [ChannelFacts("level", "Level", "gauge", "L")],
}


def test_the_shortest_interval_of_its_type_is_written_to_each_asset_and_nothing_else(
    cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    with as_company(cast["provider"]):
        for name, channels in TYPES.items():
            kind = register_asset_type(name=name, channels=channels, now=NOW)
            facts = AssetFacts(kind.id, name, f"{name}-1", "Hall 2", customer=cast["customer"].pk)
            register_assets(assets=[facts], now=NOW)
        written = dict(Asset.objects.values_list("name", "layout"))
    with no_company(), as_owner(), connection.cursor() as cursor:
        cursor.execute("update assets_asset set layout = '{\"positions\": []}'")
        cursor.execute(FILL)
    with as_company(cast["customer"]):
        seen = with_expected_interval(Asset.objects.all())
        assert dict(seen.values_list("name", "expected_interval")) == {"Press": 900, "Tank": None}
        told = dict(Asset.objects.values_list("name", "layout"))
    assert told == {"Press": {"positions": [], "expected_interval": 900}, "Tank": {"positions": []}}
    assert written["Press"]["expected_interval"] == 900
