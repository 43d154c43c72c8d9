"""What of documents holds a company that wants to leave."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import ngettext

from apps.billing.models import Invoice, Receivable
from apps.subscriptions.domain.registry import Hold
from apps.tenancy.context import current_company


def open_documents(now: datetime) -> Iterator[Hold]:
    """Drafts, and documents of either side on which something is open."""
    drafts = Invoice.objects.written_by(current_company()).exclude(state=Invoice.State.ISSUED)
    if count := drafts.count():
        text = ngettext("%(n)d draft of an invoice waits.", "%(n)d drafts of invoices wait.", count)
        yield Hold(text % {"n": count}, "invoice_list")
    if count := Receivable.objects.unsettled().count():
        text = ngettext("%(n)d invoice is not paid.", "%(n)d invoices are not paid.", count)
        yield Hold(text % {"n": count}, "invoice_list")
