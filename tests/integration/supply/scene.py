"""A press the maker owns, whose passport the provider keeps, offered to the financier."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.models import Asset, Holding
from apps.assets.operations import register_asset_type, register_assets
from apps.billing.models import Invoice
from apps.billing.operations import (
    SeenPayment,
    approve_invoices,
    issue_invoices,
    note_payment,
    start_run,
)
from apps.common.fields import uuid7
from apps.events.models import Job
from apps.events.operations import run_waiting_jobs
from apps.supply.domain.terms import TransferTerms
from apps.supply.models import AssetTransfer
from apps.supply.operations import offer_transfer
from apps.tenancy.context import company_context
from tests.conftest import make_person

REGISTERED = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 10, 14, 9, 0, tzinfo=UTC)
# The month is over, and its run bills what was sold in it.
BILLED = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PRICE = 125_000_00


def make_press(cast: dict[str, Any], owner: str = "maker", serial: str = "P-1") -> Asset:
    with company_context(cast["provider"]):
        kind = _press_type()
        facts = AssetFacts(
            kind, f"Press {serial}", serial, manufacturer=cast["maker"].pk, owner=cast[owner].pk,
            provider=cast["provider"].pk, customer=cast["customer"].pk,
        )  # fmt: skip
        return register_assets(assets=[facts], now=REGISTERED)[0]


def _press_type() -> Any:
    from apps.assets.models import AssetType

    known = AssetType.objects.filter(name="Press").first()
    if known is not None:
        return known.pk
    hours = ChannelFacts("hours", "Hours", "counter", "h")
    return register_asset_type(name="Press", channels=[hours], now=REGISTERED).pk


def terms(buyer: Any, **more: Any) -> TransferTerms:
    return TransferTerms(buyer_id=buyer.pk, delivery_on=date(2026, 10, 14), **more)


def sale(buyer: Any, **more: Any) -> TransferTerms:
    return terms(buyer, **{"price_minor": PRICE, "tax_category": "O", **more})


def offered(seller: Any, asset: Asset, what: TransferTerms, now: datetime = NOW) -> AssetTransfer:
    with company_context(seller):
        seen = Asset.objects.get(pk=asset.pk)
        return offer_transfer(asset=seen, terms=what, now=now, actor="Otto")


def work(cast: dict[str, Any], now: datetime) -> None:
    """Every company's jobs, until nothing waits anywhere."""
    for _round in range(8):
        if not sum(_worked(company, now) for company in cast.values()):
            return
    raise AssertionError("jobs make jobs without end")


def _worked(company: Any, now: datetime) -> int:
    with company_context(company):
        done = run_waiting_jobs(now=now)
        assert not Job.objects.filter(state="parked").exists()
    return done


def invoiced(seller: Any, now: datetime = BILLED) -> list[Invoice]:
    """October's run, issued."""
    with company_context(seller):
        start_run(label="2026-10", now=now, started_by="test")
        run_waiting_jobs(now=now)
        rows = Invoice.objects.written_by(seller).filter(state="draft")
        keys = list(rows.values_list("id", flat=True))
        approve_invoices(invoices=keys, now=now, approved_by="test")
        issued = issue_invoices(invoices=keys, now=now, issued_by="test")
        run_waiting_jobs(now=now)
    return issued


def pay(seller: Any, invoice: Any, minor: int, now: datetime = BILLED) -> None:
    with company_context(seller):
        seen = SeenPayment(uuid7(), minor, now.date(), "Bank", "paid")
        note_payment(
            receivable_id=invoice.pk, payment=seen, now=now, person=make_person(seller, "finance")
        )
        run_waiting_jobs(now=now)


def owners(cast: dict[str, Any], asset: Asset) -> list[tuple[str, datetime, datetime | None]]:
    """Who owned it from when to when, as the passport's keeper has it."""
    with company_context(cast["provider"]):
        rows = Holding.objects.filter(asset=asset, role="owner").order_by("held_from")
        return [(row.holder.slug, row.held_from, row.held_until) for row in rows]


def later(days: float) -> datetime:
    return NOW + timedelta(days=days)
