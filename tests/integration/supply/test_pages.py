"""A sale on pages, from the owner's button to the new owner's passport, and who sees nothing of it."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from apps.assets.models import Asset
from apps.supply.models import AssetTransfer
from apps.tenancy.context import company_context
from tests.integration.supply.scene import BILLED, NOW, PRICE, invoiced, offered, pay, sale, work

TYPED = {
    "price": "125000", "delivery_on": "2026-10-14", "title_on": "payment", "tax_category": "O",
    "payment_days": "14", "warranty_months": "12", "note": "With its tools",
}  # fmt: skip


@pytest.fixture(autouse=True)
def october() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def made(company: Any) -> AssetTransfer:
    with company_context(company):
        return AssetTransfer.objects.get()


def test_a_sale_walks_from_offer_to_title(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    seller, buyer = client_of(cast["maker"]), client_of(cast["financier"])
    part = seller.get(reverse("asset_transfers", args=[press.public_id])).content.decode()
    new = reverse("transfer_new", args=[press.public_id])
    assert new in part
    assert "stay as they were signed" in seller.get(new).content.decode()
    typed = {**TYPED, "buyer": cast["financier"].pk}
    for wrong, words in (
        ({"price": "0"}, "above 0"), ({"price": "", "title_on": "payment"}, "nothing is paid"),
        ({"buyer": cast["customer"].pk}, "Select a valid choice"),
    ):  # fmt: skip
        answer = seller.post(new, {**typed, **wrong})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    for _twice in range(2):
        answer = seller.post(new, typed)
        assert answer.status_code == 302
    url = answer.headers["Location"]
    page = seller.get(url).content.decode()
    assert "125,000.00\xa0EUR" in page
    assert "/withdrawal/" in page
    assert "/acceptance/" not in page
    home = buyer.get("/").content.decode()
    assert "asset offered to you" in home
    page = buyer.get(url).content.decode()
    for words in ("stay as they were signed", "you agree to the price", "With its tools"):
        assert words in page
    assert buyer.post(f"{url}refusal/", {"reason": ""}).status_code == 422
    assert buyer.post(f"{url}acceptance/", {"defects": "Scratch\n\nNo manual"}).status_code == 302
    work(cast, NOW)
    for client in (seller, buyer):
        page = client.get(url).content.decode()
        assert "No manual" in page
        assert "Contract of the sale" in page
        assert "/acceptance/" not in page
    [invoice] = invoiced(cast["maker"])
    pay(cast["maker"], invoice, PRICE)
    work(cast, BILLED)
    life = buyer.get(reverse("asset_timeline", args=[press.public_id])).content.decode()
    for words in ("Sold", "Handed over", "Warranty", cast["maker"].name, cast["financier"].name):
        assert words in life
    assert (
        "Warranty until"
        in buyer.get(reverse("asset_detail", args=[press.public_id])).content.decode()
    )
    assert new in buyer.get(reverse("asset_transfers", args=[press.public_id])).content.decode()
    # The maker still stands in the passport; the price is a matter of two.
    for slug in ("provider", "customer"):
        other = client_of(cast[slug])
        seen = other.get(reverse("asset_timeline", args=[press.public_id])).content.decode()
        assert cast["financier"].name in seen
        assert "125,000" not in seen
        assert other.get(url).status_code == 404


def test_others_find_nothing(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    transfer = offered(cast["maker"], press, sale(cast["financier"]))
    url = reverse("transfer_detail", args=[transfer.public_id])
    for slug in ("provider", "customer", "stranger"):
        client = client_of(cast[slug])
        assert client.get(url).status_code == 404
        for act in ("acceptance", "refusal", "withdrawal"):
            assert client.post(f"{url}{act}/", {"reason": "x"}).status_code == 404, act
        assert (
            transfer.asset_label not in client.get(reverse("asset_transfer_list")).content.decode()
        )
    assert (
        client_of(cast["provider"]).get(reverse("transfer_new", args=[press.public_id])).status_code
        == 404
    )
    # Who may look may not bind the company.
    viewer = client_of(cast["financier"], "viewer")
    assert "who may sign contracts" in viewer.get(url).content.decode()
    assert viewer.post(f"{url}acceptance/", {"defects": ""}).status_code == 403
    assert client_of(cast["maker"]).post(f"{url}acceptance/", {"defects": ""}).status_code == 404
    assert made(cast["maker"]).state == "offered"


def test_it_is_withdrawn_and_told_in_german(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any], person_of: Any
) -> None:
    transfer = offered(cast["maker"], press, sale(cast["financier"]))
    url = reverse("transfer_detail", args=[transfer.public_id])
    person = person_of(cast["financier"])
    person.language = "de"
    person.save()
    buyer = client_of(cast["financier"])
    page = buyer.get(url).content.decode()
    for words in ("Was angeboten ist", "Gefundene Mängel", "bleiben, wie sie unterschrieben"):
        assert words in page, words
    assert "Übertragungen von Anlagen" in buyer.get(reverse("asset_transfer_list")).content.decode()
    seller = client_of(cast["maker"])
    for _twice in range(2):
        assert seller.post(f"{url}withdrawal/").status_code == 302
    assert made(cast["maker"]).state == "withdrawn"
    assert buyer.post(f"{url}acceptance/", {"defects": ""}).status_code == 302
    assert "nicht mehr offen" in buyer.get(url).content.decode()
