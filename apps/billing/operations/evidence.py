"""Signed evidence: built by the issuer once an invoice is issued, stored, downloaded by both."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.models import EvidenceFile, Invoice
from apps.billing.operations.keys import ensure_signing_key, sign
from apps.billing.queries.evidence import evidence_file, evidence_parts, evidenced_until
from apps.events.operations import record
from apps.metering.domain.evidence import (
    build,
    evidence_text,
    signing_bytes,
    with_signature,
)
from apps.metering.operations import note_evidenced
from apps.tenancy.context import current_company_id


def export_evidence(*, invoice: Invoice, now: datetime, reader: Any) -> bytes:
    """The signed evidence file of an issued invoice, as bytes; the export is recorded.

    Raises ValidationError while there is none, or when the stored file is not the one signed.
    """
    found = evidence_file(invoice)
    if found is None and invoice.author_id == current_company_id():
        found = store_evidence(invoice_id=invoice.id, now=now)
    if found is None:
        raise ValidationError(_("The evidence of this invoice is still being prepared."))
    content = read_file(found)
    record(action="billing.evidence_exported", subject=invoice.public_id, now=now, actor=reader)
    return content


def read_file(found: EvidenceFile) -> bytes:
    """The stored bytes; raises ValidationError when they are missing or not those of the row."""
    try:
        with default_storage.open(found.path) as file:
            content: bytes = file.read()
    except OSError:
        raise ValidationError(_("The stored evidence file is missing.")) from None
    if hashlib.sha256(content).hexdigest() != found.sha256:
        raise ValidationError(_("The stored evidence file is damaged."))
    return content


def store_evidence(*, invoice_id: UUID, now: datetime) -> EvidenceFile | None:
    """Build, sign and store the evidence of one of our issued invoices. Idempotent."""
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
    sha256 = hashlib.sha256(content).hexdigest()
    found = EvidenceFile.objects.create(
        author_id=invoice.author_id,
        parties=invoice.parties,
        invoice=invoice,
        public_key=key.public_key,
        sha256=sha256,
        size=len(content),
        made_at=now,
        path=_write(invoice, sha256, content),
        reading_count=parts.reading_count,
    )
    until = evidenced_until(invoice.contract_id)
    if until is not None:
        note_evidenced(contract_id=invoice.contract_id, until=until)
    return found


def _write(invoice: Invoice, sha256: str, content: bytes) -> str:
    """Named by its content: a file left by a broken transaction is found and used again."""
    path = f"evidence/{invoice.author_id}/{invoice.public_id}-{sha256[:16]}.json"
    if default_storage.exists(path):
        default_storage.delete(path)
    return default_storage.save(path, ContentFile(content))
