"""Drafts: approve them, or discard one so that its period can be billed again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.models import Invoice
from apps.billing.operations.documents import broken_rules
from apps.billing.operations.locks import lock_invoices
from apps.billing.queries.composing import LINES_AND_TAXES, document_of_invoice, ways_to_pay
from apps.billing.queries.exemptions import exemptions
from apps.common.period import local_date
from apps.events.operations import record, record_all
from apps.metering.models import BilledPeriod
from apps.tenancy.context import current_company

_AT_ONCE = 500


@transaction.atomic
def approve_invoices(
    *, invoices: Iterable[Invoice | UUID], now: datetime, approved_by: Any
) -> list[Invoice]:
    """Approve those that are drafts; others stay as they are. Returns the approved ones.

    A draft whose document would break a rule of EN 16931 is parked: it stays a draft, and its
    page says which rules (`broken_rules`).
    """
    found = [item for item in lock_invoices(invoices) if item.state == Invoice.State.DRAFT]
    drafts = _right(found, now)
    for invoice in drafts:
        invoice.state, invoice.approved_at = Invoice.State.APPROVED, now
        invoice.approved_by = str(approved_by)[:200]
    Invoice.objects.filter(id__among=[item.id for item in drafts]).update(
        state=Invoice.State.APPROVED, approved_at=now, approved_by=str(approved_by)[:200]
    )
    subjects = [(invoice.public_id, ()) for invoice in drafts]
    record_all(action="billing.approved", subjects=subjects, now=now, actor=approved_by)
    return drafts


def _right(drafts: Sequence[Invoice], now: datetime) -> list[Invoice]:
    """Those that break no rule; a page of them at a time, so that many are no memory."""
    today, known = local_date(now, current_company().time_zone), exemptions()
    ways = ways_to_pay()
    right: list[Invoice] = []
    for first in range(0, len(drafts), _AT_ONCE):
        page = drafts[first : first + _AT_ONCE]
        keys = [item.id for item in page]
        whole = Invoice.objects.filter(id__among=keys).prefetch_related(*LINES_AND_TAXES)
        refused = {
            item.id for item in whole if broken_rules(document_of_invoice(item, today, known, ways))
        }
        right += [item for item in page if item.id not in refused]
    return right


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
