"""Offers: written and withdrawn by the owner."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.assets.models import Asset
from apps.assets.operations import hold_ownership
from apps.contracts.models import Contract
from apps.contracts.operations.credit import must_have_credit
from apps.events.operations import publish
from apps.supply.domain.terms import MOST_WARRANTY_MONTHS, TransferTerms
from apps.supply.events import TransferOffered
from apps.supply.models import AssetTransfer
from apps.supply.operations.common import answer_to, close, locked, tell
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies

STATE = AssetTransfer.State


@transaction.atomic
def offer_transfer(
    *, asset: Asset, terms: TransferTerms, now: datetime, actor: Any, by_finance: bool = False
) -> AssetTransfer:
    """In the owner's company: offer a seen asset to a partner. The same open offer again is the first.

    Raises ValidationError on the field that does not fit, and where another offer of it is open. To
    a buyer above its credit limit only `by_finance` sells.
    """
    buyer = _judged(asset, terms)
    if terms.price_minor is not None:
        must_have_credit(buyer.pk, current_company().currency, by_finance)
    transfer = _row(asset, buyer, terms, now, actor)
    try:
        with transaction.atomic():
            transfer.save(force_insert=True)
    except IntegrityError:
        return _the_same(transfer)
    hold_ownership(asset=asset, now=now)
    tell("transfer_offered", transfer, now, actor)
    event = TransferOffered(transfer.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[buyer.pk])
    return transfer


def _judged(asset: Asset, terms: TransferTerms) -> Company:
    """The buyer. Raises ValidationError."""
    own = current_company()
    if asset.owner_id != own.pk:
        raise ValidationError(_("Only the owner that the passport names transfers an asset."))
    buyer = known_companies().exclude(pk=own.pk).filter(pk=terms.buyer_id).first()
    if buyer is None:
        raise ValidationError({"buyer": _("Choose one of your partners.")})
    refused = {}
    if terms.price_minor is not None and terms.price_minor <= 0:
        refused["price"] = _("Give an amount above zero, or nothing.")
    if terms.price_minor is None and terms.title_on != AssetTransfer.TitleOn.ACCEPTANCE:
        refused["title_on"] = _("Without a price nothing is paid: the title passes on acceptance.")
    if terms.title_on not in AssetTransfer.TitleOn.values:
        refused["title_on"] = _("Choose when the title passes.")
    if not 0 <= terms.payment_days <= 365:
        refused["payment_days"] = _("From 0 to 365 days.")
    if terms.tax_category not in Contract.TaxCategory.values:
        refused["tax_category"] = _("This tax category is not known.")
    if terms.warranty_months not in (None, *range(1, MOST_WARRANTY_MONTHS + 1)):
        refused["warranty_months"] = _("From 1 to 240 months, or nothing.")
    if refused:
        raise ValidationError(refused)
    return buyer


def _row(
    asset: Asset, buyer: Company, terms: TransferTerms, now: datetime, actor: Any
) -> AssetTransfer:
    own = current_company()
    return AssetTransfer(
        author=own, parties=sorted([own.pk, buyer.pk]), asset=asset, asset_label=asset.name,
        type_name=asset.type_name, serial=asset.serial, buyer=buyer, seller_name=own.name,
        buyer_name=buyer.name, price_minor=terms.price_minor, currency=own.currency,
        tax_category=terms.tax_category, payment_days=terms.payment_days,
        delivery_on=terms.delivery_on, title_on=terms.title_on,
        warranty_months=terms.warranty_months, note=terms.note.strip()[:500],
        offered_by=str(actor)[:200], offered_at=now,
    )  # fmt: skip


def _the_same(wanted: AssetTransfer) -> AssetTransfer:
    """The open offer, where it says what is wanted. Raises ValidationError."""
    rows = AssetTransfer.objects.written_by(current_company())
    found: AssetTransfer | None = rows.filter(asset=wanted.asset, state=STATE.OFFERED).first()
    names = ("buyer_id", "price_minor", "delivery_on", "title_on", "tax_category", "payment_days",
             "warranty_months", "note")  # fmt: skip
    if found is not None and all(getattr(found, name) == getattr(wanted, name) for name in names):
        return found
    raise ValidationError(_("This asset is being transferred already. Withdraw that offer first."))


@transaction.atomic
def withdraw_transfer(*, transfer_id: UUID, now: datetime, actor: Any) -> AssetTransfer:
    """Take an offer back that nobody has answered. Twice is once.

    Raises AssetTransfer.DoesNotExist, ValidationError.
    """
    transfer = locked(transfer_id)
    if transfer.state == STATE.WITHDRAWN:
        return transfer
    if transfer.state != STATE.OFFERED or answer_to(transfer) is not None:
        raise ValidationError(_("This offer is answered already."))
    close(transfer, STATE.WITHDRAWN, now)
    tell("transfer_withdrawn", transfer, now, actor)
    return transfer
