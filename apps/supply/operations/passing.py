"""What follows an answer: the sale's contract, the title, the new owner in the passport."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from apps.assets.domain.timeline import TitleFacts
from apps.assets.models import Asset, LifecycleAct
from apps.assets.operations import note_purchase, pass_title, record_act, release_ownership
from apps.billing.models import Receivable
from apps.common.period import local_date
from apps.events.operations import publish
from apps.supply.domain.terms import warranty_days
from apps.supply.events import OwnerNoted, TitlePassed
from apps.supply.models import AssetTransfer
from apps.supply.operations.common import answer_to, close, locked, tell
from apps.supply.operations.sales import draw_up_sale
from apps.tenancy.context import current_company

STATE, KIND = AssetTransfer.State, LifecycleAct.Kind


class NotTheOwner(RuntimeError):
    """The title of an asset passes, and its passport does not name the seller as its owner."""


@transaction.atomic
def settle_answer(*, transfer_id: UUID, now: datetime) -> str:
    """In the seller's company: what the buyer said takes effect. Twice is once. Returns the state."""
    transfer = locked(transfer_id)
    answer = answer_to(transfer)
    if transfer.state != STATE.OFFERED or answer is None:
        return str(transfer.state)
    if not answer.accepts:
        close(transfer, STATE.REFUSED, answer.answered_at)
        return str(transfer.state)
    transfer.state = STATE.ACCEPTED
    transfer.save(update_fields=["state"])
    if transfer.is_sale:
        draw_up_sale(transfer, _day(answer.answered_at), now)
    if transfer.title_on == AssetTransfer.TitleOn.ACCEPTANCE:
        _pass(transfer, answer.answered_at, now)
    return str(transfer.state)


@transaction.atomic
def settle_payments(*, document_ids: Iterable[UUID], now: datetime) -> int:
    """In the seller's company: titles that pass with payment. Returns how many did.

    Of what is settled without payment the title never passes.
    """
    contracts = Receivable.objects.filter(pk__in=list(document_ids)).values("invoice__contract")
    waiting = AssetTransfer.objects.written_by(current_company()).filter(
        contract__in=contracts, state=STATE.ACCEPTED, title_on=AssetTransfer.TitleOn.PAYMENT
    )
    keys = sorted(waiting.values_list("pk", flat=True))
    return sum(_settle_payment(locked(key), now) for key in keys)


def _settle_payment(transfer: AssetTransfer, now: datetime) -> bool:
    rows = list(Receivable.objects.of_documents().filter(invoice__contract=transfer.contract_id))
    if transfer.state != STATE.ACCEPTED or not rows or any(row.open_minor for row in rows):
        return False
    at = max(row.moved_at for row in rows)
    if not any(row.paid_minor for row in rows) or any(row.written_off_minor for row in rows):
        close(transfer, STATE.LAPSED, at)
        tell("transfer_lapsed", transfer, now)
        return False
    _pass(transfer, at, now)
    return True


def _pass(transfer: AssetTransfer, at: datetime, now: datetime) -> None:
    """The title passes; who keeps the passport notes it, and until then it names no other owner."""
    transfer.state, transfer.title_at, transfer.closed_at = STATE.PASSED, at, at
    transfer.save(update_fields=["state", "title_at", "closed_at"])
    asset = Asset.objects.get(pk=transfer.asset_id)
    _write_acts(transfer, asset, at, now)
    first, last = warranty_days(transfer.warranty_months, _day(at))
    facts = TitleFacts(
        transfer.asset_id, transfer.author_id, transfer.buyer_id, at, transfer.public_id, first,
        last,
    )  # fmt: skip
    event = TitlePassed(facts, transfer.pk)
    reached = [asset.author_id, transfer.buyer_id]
    publish(name=event.name, payload=event.payload, now=now, to=reached)
    tell("title_passed", transfer, now)


def _write_acts(transfer: AssetTransfer, asset: Asset, at: datetime, now: datetime) -> None:
    answer = answer_to(transfer)
    assert answer is not None
    acts = [(KIND.HANDED_OVER, _day(answer.answered_at))]
    if transfer.is_sale:
        acts.append((KIND.SOLD, _day(at)))
    for kind, day in acts:
        record_act(
            asset=asset, kind=kind, happened_on=day, now=now, actor=transfer.offered_by,
            note=f"→ {transfer.buyer_name}", also=[transfer.buyer_id],
        )  # fmt: skip


def _day(instant: datetime) -> date:
    return local_date(instant, current_company().time_zone)


@transaction.atomic
def note_title(*, passed: TitlePassed, said_by: int, now: datetime) -> bool:
    """In the company that keeps the passport: write the new owner. Twice is once.

    False where another than the seller says so, or another keeps the passport. Raises NotTheOwner.
    """
    facts = passed.facts
    own = Asset.objects.written_by(current_company())
    if said_by != facts.seller or not own.filter(pk=facts.asset).exists():
        return False
    if not pass_title(facts=facts, now=now):
        raise NotTheOwner(facts.transfer)
    event = OwnerNoted(passed.transfer)
    publish(name=event.name, payload=event.payload, now=now, to=[facts.seller])
    return True


@transaction.atomic
def note_bought(*, transfer_id: UUID, now: datetime) -> bool:
    """In the buyer's company: what it paid, for its books. Twice is once; nothing of a gift."""
    rows = AssetTransfer.objects.filter(pk=transfer_id, buyer=current_company())
    transfer: AssetTransfer | None = rows.first()
    if transfer is None or transfer.title_at is None or transfer.price_minor is None:
        return False
    note_purchase(
        asset_id=transfer.asset_id, asset_label=transfer.asset_label, seller=transfer.author_id,
        price_minor=transfer.price_minor, currency=transfer.currency, bought_at=transfer.title_at,
        transfer=transfer.public_id,
    )  # fmt: skip
    return True


@transaction.atomic
def note_owner_noted(*, transfer_id: UUID) -> bool:
    """In the seller's company: the passport names the new owner, nothing is held any more."""
    transfer = AssetTransfer.objects.written_by(current_company()).filter(pk=transfer_id).first()
    if transfer is None or transfer.state != STATE.PASSED or _offered_again(transfer):
        return False
    release_ownership(asset_id=transfer.asset_id)
    return True


def _offered_again(transfer: AssetTransfer) -> bool:
    """Bought back and offered once more meanwhile: that offer holds it."""
    rows = AssetTransfer.objects.written_by(current_company()).filter(asset=transfer.asset_id)
    return rows.filter(state__in=[STATE.OFFERED, STATE.ACCEPTED]).exists()
