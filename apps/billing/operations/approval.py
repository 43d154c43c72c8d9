"""Drafts: approve them, or discard one so that its period can be billed again."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.models import Invoice
from apps.billing.operations.locks import lock_invoices
from apps.events.operations import record, record_all
from apps.metering.models import BilledPeriod


@transaction.atomic
def approve_invoices(
    *, invoices: Iterable[Invoice | UUID], now: datetime, approved_by: Any
) -> list[Invoice]:
    """Approve those that are drafts; others stay as they are. Returns the approved ones."""
    drafts = [item for item in lock_invoices(invoices) if item.state == Invoice.State.DRAFT]
    for invoice in drafts:
        invoice.state, invoice.approved_at = Invoice.State.APPROVED, now
        invoice.approved_by = str(approved_by)[:200]
    Invoice.objects.filter(id__among=[item.id for item in drafts]).update(
        state=Invoice.State.APPROVED, approved_at=now, approved_by=str(approved_by)[:200]
    )
    subjects = [(invoice.public_id, ()) for invoice in drafts]
    record_all(action="billing.approved", subjects=subjects, now=now, actor=approved_by)
    return drafts


@transaction.atomic
def discard_draft(*, invoice: Invoice | UUID, now: datetime, discarded_by: Any) -> bool:
    """Delete an invoice that is not issued; its periods are open again. False: already gone.

    The usage records stay; the next billing writes a newer generation that names them.
    Raises ValidationError for an issued invoice, and for a correction.
    """
    found = lock_invoices([invoice])
    if not found:
        return False
    if found[0].state == Invoice.State.ISSUED:
        raise ValidationError(_("An issued invoice never changes; it cannot be discarded."))
    if found[0].correction_id is not None:
        raise ValidationError(
            _("A correction follows from the readings. Change those, and it changes or goes.")
        )
    periods = set(found[0].lines.values_list("billed_period_id", flat=True))
    details = {"net_minor": found[0].net_minor, "currency": found[0].currency}
    record(
        action="billing.discarded",
        subject=found[0].public_id,
        details=details,
        now=now,
        actor=discarded_by,
    )
    found[0].delete()
    BilledPeriod.objects.filter(id__in=periods).update(state=BilledPeriod.State.OPEN)
    return True
