"""The demo's sale: one compressor changed hands and is invoiced, another is on offer."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from apps.assets.models import Asset, Holding, LifecycleAct, Purchase
from apps.billing.models import Invoice
from apps.demo.sale import PRICE, sell_compressors
from apps.supply.models import AssetTransfer, TransferAnswer
from apps.tenancy.context import company_context

START = date(2026, 9, 1)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_one_is_sold_and_invoiced_and_one_is_on_offer(
    cast: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    maker, buyer, provider = (cast[slug] for slug in ("maker", "financier", "provider"))
    for _loading in range(2):
        sell_compressors(maker=maker, buyer=buyer, offered_to=provider, start=START, now=NOW)
    with company_context(maker):
        rows = AssetTransfer.objects.order_by("serial")
        assert [(row.state, row.buyer_id) for row in rows] == [
            ("done", buyer.pk), ("offered", provider.pk),
        ]  # fmt: skip
        invoice = Invoice.objects.get(state="issued")
        assert (invoice.net_minor, invoice.customer_id) == (PRICE, buyer.pk)
        assert rows[1].delivery_on == NOW.date() + timedelta(days=14)
    with company_context(buyer):
        asset = Asset.objects.get()
        assert (asset.owner_id, asset.warranty_from) == (buyer.pk, START + timedelta(days=12))
        assert asset.manufactured_on == START - timedelta(days=9)
        assert Purchase.objects.get().price_minor == PRICE
        assert len(TransferAnswer.objects.get().defects) == 1
        kinds = LifecycleAct.objects.order_by("happened_on", "kind").values_list("kind", flat=True)
        assert set(kinds) >= {"handed_over", "sold"}
        assert Holding.objects.filter(asset=asset, role="owner").count() == 2
    with company_context(provider):
        assert AssetTransfer.objects.get().state == "offered"
