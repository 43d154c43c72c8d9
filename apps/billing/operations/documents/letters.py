"""A reminder as a letter: PDF/A in the customer's language, stored once, with its hash."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import override

from apps.billing.models import DocumentFile, Reminder
from apps.billing.operations.documents.rendering import labels_of, render_page
from apps.billing.operations.stored import write_once
from apps.billing.queries.composing import language_of, party_of, ways_to_pay
from apps.tenancy.context import current_company


def store_letter(*, reminder_id: UUID, now: datetime) -> DocumentFile | None:
    """Render and store one of our reminders; None for another's. Done twice is done once.

    Raises NoRenderer where the machine cannot make a PDF.
    """
    own = Reminder.objects.written_by(current_company()).select_related("receivable__invoice")
    reminder = own.filter(id=reminder_id).first()
    if reminder is None:
        return None
    found = DocumentFile.objects.filter(document_id=reminder_id).first()
    return found or _store(reminder, render_page(page_of(reminder)), now)


@transaction.atomic
def _store(reminder: Reminder, content: bytes, now: datetime) -> DocumentFile:
    place = f"documents/{reminder.author_id}/{reminder.id}-{DocumentFile.Form.PDF}"
    path, sha256 = write_once(place, "pdf", content)
    row = DocumentFile(
        author_id=reminder.author_id, parties=reminder.parties, document_id=reminder.id,
        number=reminder.number or reminder.public_id, form=DocumentFile.Form.PDF, path=path,
        sha256=sha256, size=len(content), made_at=now,
    )  # fmt: skip
    DocumentFile.objects.bulk_create([row], ignore_conflicts=True)
    stored: DocumentFile = DocumentFile.objects.get(document_id=reminder.id)
    return stored


def page_of(reminder: Reminder) -> str:
    """The letter as HTML, in the customer's language."""
    invoice = reminder.receivable.invoice
    language = language_of(invoice.facts)
    with override(language):
        context = {
            "language": language, **letter_context(reminder),
            "writer": party_of(invoice.facts["issuer"], outside=False),
            "reader": party_of(invoice.facts["recipient"], outside=False),
            "ways": list(labels_of(ways_to_pay())),
        }  # fmt: skip
        return render_to_string("billing/documents/letter.html", context)


def letter_context(reminder: Reminder) -> dict[str, Any]:
    """What page and letter both show of a reminder."""
    return {
        "reminder": reminder, "invoice": reminder.receivable.invoice,
        "is_last": reminder.level == reminder.facts["levels"],
        "days": (reminder.sent_on - reminder.receivable.due_on).days,
        "accruals": [_shown(part) for part in reminder.facts["accruals"]],
    }  # fmt: skip


def _shown(part: dict[str, Any]) -> dict[str, Any]:
    start, end = date.fromisoformat(part["start"]), date.fromisoformat(part["end"])
    return {**part, "start": start, "last": date.fromordinal(end.toordinal() - 1),
            "days": (end - start).days}  # fmt: skip
