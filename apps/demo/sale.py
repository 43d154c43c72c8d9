"""A maker sells a compressor to a finance company, and offers a second one to the provider."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.models import Asset
from apps.assets.operations import register_asset_type, register_assets
from apps.common.period import local_date
from apps.demo.working import bill_month, drain_jobs, issue_drafts
from apps.supply.domain.terms import TransferTerms
from apps.supply.models import AssetTransfer
from apps.supply.operations import accept_transfer, offer_transfer
from apps.tenancy.context import company_context, current_company
from apps.tenancy.models import Company

ZONE = "Europe/Berlin"
SELLS, BUYS = "Rotorwerke Geschäftsführung", "Kontor Lease direction"
SOLD, OFFERED = ("Compressor RX 110 no. 1", "RX110-4001"), ("Compressor RX 110 no. 2", "RX110-4002")
CHANNELS = (ChannelFacts("hours", "Operating hours", "counter", "h"),)
PRICE, LIST_PRICE = 84_500_00, 86_900_00
DEFECT = "Scratch on the left door, 10 cm"


def sell_compressors(
    *, maker: Company, buyer: Company, offered_to: Company, start: date, now: datetime
) -> None:
    """In the story's first month one is offered, accepted with a defect and invoiced; another is on
    offer to the company `offered_to` since yesterday. Once."""
    with company_context(maker):
        if AssetTransfer.objects.written_by(maker).exists():
            return
        sold, second = _made(start)
        transfer = offer_transfer(
            asset=sold, terms=_terms(buyer, start, 12), now=_at(start, 8), actor=SELLS
        )
    with company_context(buyer):
        accept_transfer(
            transfer_id=transfer.pk, defects=[DEFECT], now=_at(start, 12), actor=BUYS
        )  # fmt: skip
    drain_jobs()
    with company_context(maker):
        bill_month(f"{start:%Y-%m}", now)
        issue_drafts(now)
        asset = Asset.objects.get(pk=second.pk)
        offer_transfer(
            asset=asset,
            terms=_open_terms(offered_to, now),
            now=now - timedelta(days=1),
            actor=SELLS,
        )


def _at(start: date, days: int) -> datetime:
    """Ten o'clock so many days into the story."""
    return datetime.combine(start + timedelta(days=days), time(10), ZoneInfo(ZONE))


def _made(start: date) -> list[Asset]:
    """Two compressors of the maker's own type, in its hands since the story began."""
    since, own = _at(start, 0), current_company().pk
    kind = register_asset_type(
        name="Compressor RX 110", channels=CHANNELS, now=since, manufacturer="Rotorwerke AG",
        description="Screw compressor, 110 kW.", actor=SELLS,
    )  # fmt: skip
    made_on = start - timedelta(days=9)
    facts = [
        AssetFacts(
            kind.pk, name, serial, site="Stuttgart", manufacturer=own, owner=own,
            manufactured_on=made_on,
        )
        for name, serial in (SOLD, OFFERED)
    ]  # fmt: skip
    return register_assets(assets=facts, now=since, actor=SELLS)


def _terms(buyer: Company, start: date, days: int) -> TransferTerms:
    return TransferTerms(
        buyer_id=buyer.pk, delivery_on=start + timedelta(days=days), price_minor=PRICE,
        payment_days=30, warranty_months=24, note="With first filling and commissioning.",
    )  # fmt: skip


def _open_terms(buyer: Company, now: datetime) -> TransferTerms:
    return TransferTerms(
        buyer_id=buyer.pk, delivery_on=local_date(now, ZONE) + timedelta(days=14),
        price_minor=LIST_PRICE, title_on="payment", payment_days=14, warranty_months=24,
        note="Ready for collection in Stuttgart.",
    )  # fmt: skip
