"""The passport stays with the asset: nameplate, mark and the page behind it, whoever owns it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.assets.domain.facts import AssetFacts
from apps.assets.models import Asset
from apps.assets.operations import change_asset
from apps.common.fields import uuid7
from apps.common.ids import encode
from apps.supply.operations import accept_transfer
from apps.tenancy.context import company_context
from tests.integration.supply.scene import NOW, later, make_press, offered, terms, work


@pytest.fixture
def press(cast: dict[str, Any]) -> Asset:
    return make_press(cast)


def public(path: str, client: Client | None = None) -> Any:
    return (client or Client()).get(path, HTTP_HOST=settings.PERUSE_DOMAIN)


def plate(client: Any, asset: Asset) -> dict[str, Any]:
    answer = client.get(reverse("asset_nameplate", args=[asset.public_id]))
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    found: dict[str, Any] = json.loads(answer.content)
    return found


def test_the_nameplate_is_the_same_for_all_and_after_a_transfer(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    before = plate(client_of(cast["maker"]), press)
    assert plate(client_of(cast["customer"]), press) == before
    given = offered(cast["maker"], press, terms(cast["financier"]))
    with company_context(cast["financier"]):
        accept_transfer(transfer_id=given.pk, now=later(1), actor="Berta")
    work(cast, later(1))
    assert plate(client_of(cast["financier"]), press) == before
    link = before["assetAdministrationShells"][0]["assetInformation"]["globalAssetId"]
    assert link.endswith(f"/id/{press.public_id}/")
    assert cast["provider"].slug not in link


def test_the_day_of_manufacture_stands_on_the_plate_and_stays(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"])
    url = reverse("asset_edit", args=[press.public_id])
    typed = {"asset_type": press.asset_type_id, "name": press.name, "serial": press.serial,
             "manufacturer": cast["maker"].pk, "owner": cast["maker"].pk,
             "provider": cast["provider"].pk, "manufactured_on": "2024-02-29"}  # fmt: skip
    assert client.post(url, typed).status_code == 302
    assert "2024-02-29" in json.dumps(plate(client, press))
    # A file of assets does not know the day and does not take it away.
    with company_context(cast["provider"]):
        row = Asset.objects.get(pk=press.pk)
        facts = AssetFacts(row.asset_type_id, "Press one", row.serial, owner=cast["maker"].pk)
        change_asset(asset=row, facts=replace(facts, site="Hall 4"), now=NOW)
        assert Asset.objects.get(pk=press.pk).manufactured_on == date(2024, 2, 29)


def test_the_page_shows_plate_and_mark_to_parties_alone(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    names = ("asset_passport", "asset_nameplate", "asset_mark")
    page = client_of(cast["customer"]).get(reverse("asset_passport", args=[press.public_id]))
    text = page.content.decode()
    for words in ("ManufacturerName", cast["maker"].name, "SerialNumber", "<svg xmlns", "P-1"):
        assert words in text, words
    mark = client_of(cast["customer"]).get(reverse("asset_mark", args=[press.public_id]))
    assert mark.headers["Content-Type"] == "image/svg+xml"
    for slug in ("stranger", "workshop"):
        for name in names:
            url = reverse(name, args=[press.public_id])
            assert client_of(cast[slug]).get(url).status_code == 404


def test_the_link_on_the_asset_knows_nothing_of_it(press: Asset, cast: dict[str, Any]) -> None:
    with CaptureQueriesContext(connection) as asked:
        there = public(f"/id/{press.public_id}/")
    assert not [row["sql"] for row in asked.captured_queries if "assets_" in row["sql"]]
    absent = public(f"/id/{encode('ast', uuid7())}/")
    assert there.status_code == absent.status_code == 200
    for text in (press.name, press.serial, cast["maker"].name, cast["provider"].name):
        assert text not in there.content.decode()
    assert "Sign in" in there.content.decode()
    assert public("/id/inv_01m8ma138weaxs6y06696rdk23/").status_code == 404
