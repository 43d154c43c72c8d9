"""Signed evidence: built by the issuer once an invoice is issued, stored, downloaded by both."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.models import EvidenceFile, Invoice
from apps.billing.operations.keys import ensure_signing_key, sign
from apps.billing.operations.stored import read_stored, write_once
from apps.billing.queries.evidence import (
    WAITING,
    EvidenceDiffers,
    evidence_file,
    evidence_parts,
    evidenced_until,
    last_waiting,
)
from apps.billing.wording import reason_words
from apps.events.operations import record
from apps.metering.domain.evidence import (
    build,
    evidence_text,
    signing_bytes,
    with_signature,
)
from apps.metering.operations import note_evidenced
from apps.telemetry.door import DoorClosed
from apps.tenancy.context import current_company_id


def export_evidence(*, invoice: Invoice, now: datetime, reader: Any) -> bytes:
    """The signed evidence file of an issued invoice, as bytes; the export is recorded.

    Raises ValidationError while there is none, or when the stored file is not the one signed.
    """
    found = evidence_file(invoice)
    if found is None and invoice.author_id == current_company_id():
        keep_evidence(invoice_id=invoice.id, now=now)
        found = evidence_file(invoice)
    if found is None:
        waiting = last_waiting(invoice)
        words = reason_words(**waiting.details)["what"] if waiting else ""
        raise ValidationError(words or _("The evidence of this invoice is still being prepared."))
    content = read_stored(found)
    record(action="billing.evidence_exported", subject=invoice.public_id, now=now, actor=reader)
    return content


def keep_evidence(*, invoice_id: UUID, now: datetime) -> bool:
    """Store the evidence, or note for both parties why it cannot be stored now: then False."""
    try:
        store_evidence(invoice_id=invoice_id, now=now)
    except (DoorClosed, EvidenceDiffers) as problem:
        _note_waiting(invoice_id, problem, now)
        return False
    return True


@transaction.atomic
def _note_waiting(invoice_id: UUID, problem: Exception, now: datetime) -> None:
    invoice = Invoice.objects.get(id=invoice_id)
    reason = "readings_closed" if isinstance(problem, DoorClosed) else "evidence_differs"
    details = {"code": reason, "params": {"source": str(problem)}}
    last = last_waiting(invoice)
    if last is None or last.details != details:
        record(
            action=WAITING, subject=invoice.public_id, now=now, also=invoice.parties,
            details=details,
        )  # fmt: skip


def store_evidence(*, invoice_id: UUID, now: datetime) -> EvidenceFile | None:
    """Build, sign and store the evidence of one of our issued invoices. Idempotent.

    Raises DoorClosed, EvidenceDiffers.
    """
    with transaction.atomic():
        own = Invoice.objects.written_by(current_company_id()).filter(state=Invoice.State.ISSUED)
        invoice = own.select_for_update(of=("self",)).filter(id=invoice_id).first()
        if invoice is None:
            return None
        return evidence_file(invoice) or _store(invoice, now)


def _store(invoice: Invoice, now: datetime) -> EvidenceFile:
    key = ensure_signing_key(now=now)
    parts = evidence_parts(invoice, now)
    document = build(parts.facts, parts.contracts, parts.taxes, parts.totals)
    signature = sign(key, signing_bytes(document))
    signed = with_signature(document, signature, bytes.fromhex(key.public_key))
    content = evidence_text(signed).encode()
    place = f"evidence/{invoice.author_id}/{invoice.public_id}"
    path, sha256 = write_once(place, "json", content)
    found = EvidenceFile.objects.create(
        author_id=invoice.author_id,
        parties=invoice.parties,
        invoice=invoice,
        public_key=key.public_key,
        sha256=sha256,
        size=len(content),
        made_at=now,
        path=path,
        reading_count=parts.reading_count,
    )
    until = evidenced_until(invoice.contract_id)
    if until is not None:
        note_evidenced(contract_id=invoice.contract_id, until=until)
    return found
