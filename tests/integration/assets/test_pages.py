"""Pages of types and assets, and who may see and change them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.models import Asset, AssetType
from apps.assets.operations import (
    GrantWish,
    change_asset_type,
    end_grants,
    grant_data,
    import_assets,
    register_asset_type,
    register_assets,
)
from apps.assets.queries import with_expected_interval
from apps.common.fields import uuid7
from tests.conftest import NOW

ENERGY = ChannelFacts("energy", "Energy", "counter", "kW.h", expected_interval_seconds=900)


@pytest.fixture
def press(cast: dict[str, Any], as_company: Callable[..., Any]) -> Asset:
    with as_company(cast["provider"]):
        made = register_asset_type(name="Press", channels=[ENERGY], now=NOW)
        facts = AssetFacts(
            made.id, "Press 1", "P-1", "Hall 2", manufacturer=cast["maker"].pk,
            owner=cast["financier"].pk, provider=cast["provider"].pk,
            customer=cast["customer"].pk,
        )  # fmt: skip
        return register_assets(assets=[facts], now=NOW)[0]


def channel_rows(*rows: dict[str, str], initial: int = 0) -> dict[str, str]:
    data = {"channels-TOTAL_FORMS": str(len(rows)), "channels-INITIAL_FORMS": str(initial)}
    for number, row in enumerate(rows):
        data.update({f"channels-{number}-{name}": value for name, value in row.items()})
    return data


ROW = {"code": "energy", "title": "Energy", "kind": "counter", "unit": "kW.h"}


def test_a_type_is_registered_with_its_channels(
    cast: dict[str, Any], client_of: Callable[..., Any], as_company: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"])
    assert client.get(reverse("asset_type_new")).status_code == 200
    row = {**ROW, "register_size": "100000", "expected_interval_seconds": "900"}
    answer = client.post(reverse("asset_type_new"), {"name": "Press", **channel_rows(row)})
    assert answer.status_code == 302
    page = client.get(answer.url).content.decode()
    assert "Press" in page
    assert "100,000" in page
    with as_company(cast["provider"]):
        (channel,) = AssetType.objects.get(name="Press").channels.all()
        assert (channel.code, channel.register_size) == ("energy", 100000)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{**ROW, "register_size": "NaN"}], "Enter a number"),
        ([{**ROW, "register_size": "0"}], "above zero"),
        ([{**ROW, "code": "Energy!"}], "lower-case letters"),
        ([{**ROW, "unit": "furlong"}], "Select a valid choice"),
        ([ROW, ROW], "named twice"),
        ([], "at least one channel"),
        ([{**ROW, "kind": "gauge", "register_size": "10"}], "only a counter"),
    ],
)
def test_a_bad_channel_is_refused_and_what_was_typed_stays(
    cast: dict[str, Any], client_of: Callable[..., Any], as_company: Callable[..., Any],
    rows: list[dict[str, str]], said: str,
) -> None:  # fmt: skip
    client = client_of(cast["provider"])
    answer = client.post(reverse("asset_type_new"), {"name": "Typed name", **channel_rows(*rows)})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert "Typed name" in page
    with as_company(cast["provider"]):
        assert not AssetType.objects.exists()


def test_a_row_that_was_never_touched_is_no_channel(
    cast: dict[str, Any], client_of: Callable[..., Any], as_company: Callable[..., Any]
) -> None:
    blank = {"code": "", "title": "", "kind": "counter", "unit": "kW.h"}
    client = client_of(cast["provider"])
    answer = client.post(reverse("asset_type_new"), {"name": "P", **channel_rows(ROW, blank)})
    assert answer.status_code == 302
    with as_company(cast["provider"]):
        assert AssetType.objects.get().channels.count() == 1


def test_one_more_row_comes_by_htmx(cast: dict[str, Any], client_of: Callable[..., Any]) -> None:
    client = client_of(cast["provider"])
    answer = client.get(reverse("asset_type_channel_row"), {"channels-TOTAL_FORMS": "3"})
    page = answer.content.decode()
    assert 'name="channels-3-code"' in page
    assert 'name="channels-TOTAL_FORMS" value="4"' in page
    odd = client.get(reverse("asset_type_channel_row"), {"channels-TOTAL_FORMS": "x"})
    assert odd.status_code == 200


def test_meaning_of_channels_with_readings_stays(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    with as_company(cast["provider"]):
        kind = press.asset_type
        change_asset_type(
            asset_type=kind, name="Press", now=NOW,
            channels=[ChannelFacts("energy", "Energy", "counter", "MW.h")],
        )  # fmt: skip
        Asset.objects.filter(pk=press.pk).update(last_reading_at=NOW)
        for channels in ([ENERGY], [ChannelFacts("other", "Other", "counter", "MW.h")]):
            with pytest.raises(ValidationError, match="has readings"):
                change_asset_type(asset_type=kind, name="Press", channels=channels, now=NOW)
        more = [
            ChannelFacts("energy", "Renamed", "counter", "MW.h"),
            ChannelFacts("pressure", "Pressure", "gauge", "bar"),
        ]
        change_asset_type(asset_type=kind, name="Press", channels=more, now=NOW)
        assert sorted(row.code for row in kind.channels.all()) == ["energy", "pressure"]


def test_a_partner_waits_as_long_for_a_reading_as_who_collects(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    """The type's channels are the collector's; how often they report is told to every party."""
    month = 31 * 86_400
    channels = [
        ChannelFacts("energy", "Energy", "counter", "MW.h", expected_interval_seconds=month),
        ChannelFacts("pressure", "Pressure", "gauge", "bar", expected_interval_seconds=2 * month),
    ]
    with as_company(cast["provider"]):
        change_asset_type(asset_type=press.asset_type, name="Press", channels=channels, now=NOW)
    for company in (cast["provider"], cast["customer"]):
        with as_company(company):
            seen = with_expected_interval(Asset.objects.filter(pk=press.pk)).get()
            assert seen.expected_interval == month


def test_an_asset_is_registered_and_changed_by_form(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"])
    data = {"asset_type": press.asset_type_id, "name": "Press 2", "serial": "P-2",
            "customer": cast["customer"].pk}  # fmt: skip
    answer = client.post(reverse("asset_new"), data)
    assert answer.status_code == 302
    detail = client.get(answer.url).content.decode()
    assert "Press 2" in detail
    assert "Customer Foods GmbH" in detail
    again = client.post(reverse("asset_new"), data)
    assert again.status_code == 422
    assert "P-2 exists already" in again.content.decode()
    edit = reverse("asset_edit", args=[press.public_id])
    assert client.get(edit).status_code == 200
    changed = client.post(edit, {"name": "Press one", "serial": "P-1", "site": "Hall 3"})
    assert changed.status_code == 302
    assert "Press one" in client.get(changed.url).content.decode()


def test_companies_are_chosen_among_partners_only(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any],
    as_company: Callable[..., Any],
) -> None:  # fmt: skip
    client = client_of(cast["provider"])
    assert "Stranger" not in client.get(reverse("asset_new")).content.decode()
    data = {"asset_type": press.asset_type_id, "name": "X", "serial": "X",
            "owner": cast["stranger"].pk}  # fmt: skip
    assert client.post(reverse("asset_new"), data).status_code == 422
    with as_company(cast["provider"]):
        facts = AssetFacts(press.asset_type_id, "X", "X", owner=cast["stranger"].pk)
        with pytest.raises(ValidationError, match="partners"):
            register_assets(assets=[facts], now=NOW)
        assert Asset.objects.count() == 1


def test_holders_see_the_asset_only_its_author_changes_it(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    detail = reverse("asset_detail", args=[press.public_id])
    edit = reverse("asset_edit", args=[press.public_id])
    for slug in ("maker", "financier", "customer"):
        client = client_of(cast[slug])
        assert client.get(detail).status_code == 200
        assert "Press 1" in client.get(reverse("asset_list")).content.decode()
        assert client.get(edit).status_code == 404
    absent = reverse("asset_detail", args=["ast_" + "0" * 26])
    stranger = client_of(cast["stranger"])
    foreign = stranger.get(detail)
    assert foreign.status_code == stranger.get(absent).status_code == 404
    assert foreign.content == stranger.get(absent).content
    assert "Press 1" not in stranger.get(reverse("asset_list")).content.decode()
    type_page = reverse("asset_type_detail", args=[press.asset_type.public_id])
    assert client_of(cast["customer"]).get(type_page).status_code == 404


def test_a_viewer_looks_and_does_not_change(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    viewer = client_of(cast["provider"], "viewer")
    assert viewer.get(reverse("asset_detail", args=[press.public_id])).status_code == 200
    assert viewer.get(reverse("asset_new")).status_code == 403
    assert viewer.post(reverse("asset_import"), {"text": ""}).status_code == 403


def test_the_list_asks_as_often_for_fifty_as_for_one(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any],
    as_company: Callable[..., Any], django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    with as_company(cast["provider"]):
        facts = [
            AssetFacts(press.asset_type_id, f"Press {n}", f"P-{n}", customer=cast["customer"].pk)
            for n in range(2, 60)
        ]
        register_assets(assets=facts, now=NOW)
    client = client_of(cast["provider"])
    client.get(reverse("asset_list"))
    with django_assert_max_num_queries(12):
        page = client.get(reverse("asset_list")).content.decode()
    assert "59 entries" in page
    found = client.get(reverse("asset_list"), {"q": "P-59"}).content.decode()
    assert "1 entry" in found
    table = client.get(reverse("asset_list"), {"export": "csv"}).content.decode()
    assert len(table.splitlines()) == 60


CSV = (
    "type;name;serial;site;customer;in_service_on\n"
    "Press;Press 1;P-1;Hall 2;customer;2026-01-31\n"
    "Press;Press 7;P-7;;;\n"
)


def test_a_csv_file_is_looked_at_then_stored_and_again_changes_nothing(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any],
    as_company: Callable[..., Any],
) -> None:  # fmt: skip
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = client_of(cast["provider"])
    url = reverse("asset_import")
    assert client.get(reverse("asset_import_template")).content.startswith(b"\xef\xbb\xbftype,name")
    file = SimpleUploadedFile("assets.csv", CSV.encode())
    page = client.post(url, {"file": file}).content.decode()
    assert "1 new, 1 changed, 0 unchanged" in page
    with as_company(cast["provider"]):
        assert Asset.objects.count() == 1
    assert client.post(url, {"text": CSV}).status_code == 302
    with as_company(cast["provider"]):
        assert Asset.objects.count() == 2
        plan = import_assets(text=CSV, now=NOW)
        assert (plan.new, plan.changed, plan.unchanged) == ((), (), 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\x89PNG\x00\x00", "UTF-8"),
        ("type,name,serial\nPress,ä,1\n".encode("latin-1"), "Line 2 is not encoded"),
        (b"name,serial\n", "“type” is missing"),
        (b"type,name,serial,colour\n", "“colour” is not known"),
        (b"type,name,serial\nPress,A,S-1\nLathe,B,S-2\n", "no asset type “Lathe”"),
        (b"type,name,serial\nPress,A,S-1\nPress,B,S-1\n", "same as in line 2"),
        (b"type,name,serial,owner\nPress,A,S-1,stranger\n", "not the address of one of your"),
        (b"type,name,serial,in_service_on\nPress,A,S-1,31.01.2026\n", "is no date"),
        (b"type,name,serial\nPress,A\n", "2 cells instead of 3"),
    ],
)
def test_a_csv_file_with_a_problem_stores_nothing(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any],
    as_company: Callable[..., Any], content: bytes, said: str,
) -> None:  # fmt: skip
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = client_of(cast["provider"])
    file = SimpleUploadedFile("assets.csv", content)
    page = client.post(reverse("asset_import"), {"file": file})
    assert page.status_code in (200, 422)
    assert said in page.content.decode()
    if not said.startswith("Line 2 is not"):
        text = content.decode("utf-8", "replace")
        assert client.post(reverse("asset_import"), {"text": text}).status_code == 422
    with as_company(cast["provider"]):
        assert Asset.objects.count() == 1


def test_grants_are_given_seen_by_both_and_ended(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    contract = uuid7()
    with as_company(cast["provider"]):
        wish = GrantWish(cast["customer"].pk, ("energy",), "raw", "Invoice", NOW)
        facts = {"wanted": {press: [wish]}, "contract_id": contract}
        [grant] = grant_data(**facts, now=NOW)
        assert [row.pk for row in grant_data(**facts, now=NOW)] == [grant.pk]
    from apps.assets.queries import living_grants

    for slug, seen in (("provider", 1), ("customer", 1), ("maker", 0), ("stranger", 0)):
        with as_company(cast[slug]):
            assert living_grants(NOW).filter(origin="contract").count() == seen
    with as_company(cast["provider"]):
        assert len(end_grants(contract_id=contract, now=NOW)) == 1
        assert end_grants(contract_id=contract, now=NOW) == []
    with as_company(cast["customer"]):
        assert [grant.origin for grant in living_grants(NOW)] == ["use"]
