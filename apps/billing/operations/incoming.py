"""Taking in e-invoices from outside, matching them, and answering: accepted or refused."""

import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.billing.domain.einvoice.document import Document, Party
from apps.billing.domain.einvoice.findings import OWN_RULES, Examined
from apps.billing.domain.einvoice.reading import read_document
from apps.billing.domain.einvoice.safe_xml import Unreadable, parse_xml
from apps.billing.domain.einvoice.vocabulary import CII_ROOT
from apps.billing.events import IncomingAccepted
from apps.billing.models import IncomingAnswer, IncomingDocument
from apps.billing.operations.validating import examine_file
from apps.billing.queries.incoming import match_of, plain_vat_id
from apps.contracts.models import Contract
from apps.events.operations import publish, record
from apps.tenancy.context import current_company

_LONGEST = {"number": 200, "sender_name": 300, "sender_vat_id": 40, "kind": 10, "file_name": 200}


class NumberKnown(ValidationError):
    """The sender's document of this number was received already; `known` is that one."""

    def __init__(self, known: IncomingDocument) -> None:
        self.known = known
        super().__init__(
            _("%(number)s of %(sender)s was received already on %(day)s. Refuse that one first if "
              "this is its replacement.")
            % {"number": known.number, "sender": known.sender_name,
               "day": known.received_at.date().isoformat()}
        )  # fmt: skip


def receive_file(
    *, content: bytes, file_name: str, now: datetime, actor: Any
) -> tuple[IncomingDocument, bool]:
    """Store an e-invoice with what the rules say of it; True when it is new.

    The same file twice is the first one. Raises Unreadable for what is no e-invoice, or one whose
    values cannot be read, and NumberKnown for a number that this sender's document has already,
    unless that was refused; a broken rule is no reason to turn it away. Examined before the
    transaction, which then takes milliseconds.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    found = _received(sha256)
    if found is not None:
        return found, False
    examined = examine_file(content)
    document = _readable(examined)
    columns = _columns(document, examined, content, sha256)
    _refuse_known(columns)
    with transaction.atomic():
        made, new = _made(sha256, columns | {
            "parties": [current_company().pk], "file_name": file_name[:200], "received_at": now,
            "received_by": str(actor),
        })  # fmt: skip
        if new:
            record(action="billing.incoming_received", subject=made.public_id, now=now, actor=actor)
    return made, new


def _refuse_known(columns: dict[str, Any]) -> None:
    known = _of_number(columns)
    if known is not None:
        raise NumberKnown(known)


def _of_number(columns: dict[str, Any]) -> IncomingDocument | None:
    """What was received of this sender, number and kind, and was not refused."""
    own = IncomingDocument.objects.written_by(current_company())
    same = {name: columns[name] for name in ("sender_key", "number", "kind")}
    return own.filter(**same).exclude(Q(state="refused") | Q(number="")).first()


def _made(sha256: str, columns: dict[str, Any]) -> tuple[IncomingDocument, bool]:
    """Two uploads at once: the database lets one of them in."""
    try:
        with transaction.atomic():
            return IncomingDocument.objects.get_or_create(
                author=current_company(), sha256=sha256, defaults=columns
            )
    except IntegrityError:
        known = _of_number(columns)
        if known is None:
            raise
        raise NumberKnown(known) from None


def match_document(
    *, document: IncomingDocument, contract: Contract | None, now: datetime, actor: Any
) -> IncomingDocument:
    """A person says which contract it belongs to, or none."""
    with transaction.atomic():
        held = _held(document)
        _must_be_open(held)
        if contract is not None and held.invoice and held.invoice.contract_id != contract.pk:
            raise ValidationError(
                _("The portal's own invoice of this number is of another contract.")
            )
        held.contract = contract
        held.save(update_fields=["contract"])
        record(action="billing.incoming_matched", subject=held.public_id, now=now, actor=actor)
    return held


def accept_document(*, document: IncomingDocument, now: datetime, actor: Any) -> IncomingDocument:
    """It is right and will be paid. Accepted twice is accepted once."""
    with transaction.atomic():
        held, is_new = _decide(document, IncomingDocument.State.ACCEPTED, "", now, actor)
        if is_new:
            event = IncomingAccepted([held.pk])
            publish(name=event.name, payload=event.payload, now=now)
    return held


def refuse_document(
    *, document: IncomingDocument, reason: str, now: datetime, actor: Any
) -> IncomingDocument:
    """It is not taken; the reason is for its sender. Refused twice is refused once."""
    if not reason.strip():
        raise ValidationError(_("Say why it is refused: the sender reads it."))
    return _decide(document, IncomingDocument.State.REFUSED, reason.strip(), now, actor)[0]


def read_file(path: str, sha256: str) -> bytes:
    """The stored bytes; raises ValidationError when they are missing or not those received."""
    try:
        with default_storage.open(path) as file:
            content: bytes = file.read()
    except OSError:
        raise ValidationError(_("The stored file is missing.")) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValidationError(_("The stored file is damaged."))
    return content


def _received(sha256: str) -> IncomingDocument | None:
    own = IncomingDocument.objects.written_by(current_company())
    return own.filter(sha256=sha256).first()


def _readable(examined: Examined) -> Document:
    """The document, or the first of our own rules that kept it from being one."""
    for finding in examined.findings:
        if finding.rule in OWN_RULES:
            raise Unreadable(finding.rule, finding.text)
    return read_document(examined.xml)


def _columns(
    document: Document, examined: Examined, content: bytes, sha256: str
) -> dict[str, Any]:  # fmt: skip
    sums, match = document.sums, match_of(document)
    sender = document.buyer if document.is_self_billed else document.seller
    texts = {
        "kind": document.kind, "number": document.number, "sender_name": sender.name,
        "sender_vat_id": sender.vat_id,
    }  # fmt: skip
    xml_sha256 = hashlib.sha256(examined.xml).hexdigest()
    path = _write(sha256, content)
    return {name: text[: _LONGEST[name]] for name, text in texts.items()} | {
        "format": _format(examined.xml, content), "path": path,
        "xml_sha256": xml_sha256,
        "xml_path": path if xml_sha256 == sha256 else _write(xml_sha256, examined.xml),
        "issued_on": document.issued_on, "due_on": document.due_on, "currency": document.currency,
        "gross_minor": sums.gross_minor, "due_minor": sums.due_minor,
        "findings": [asdict(finding) for finding in examined.findings],
        "error_count": sum(finding.is_error for finding in examined.findings),
        "sender_key": _sender_key(sender),
        "sender": match.sender, "invoice": match.invoice, "contract": match.contract,
    }  # fmt: skip


def _sender_key(sender: Party) -> str:
    """By VAT id, however it is written, else by name."""
    return (plain_vat_id(sender.vat_id) or sender.name.casefold().strip())[:300]


def _format(xml: bytes, content: bytes) -> str:
    if xml != content:
        return IncomingDocument.Format.PDF
    cii = parse_xml(xml).tag == CII_ROOT
    return IncomingDocument.Format.CII if cii else IncomingDocument.Format.UBL


def _write(sha256: str, content: bytes) -> str:
    """Named by its content: a file left by a broken transaction is found and used again."""
    path = f"incoming/{current_company().pk}/{sha256}"
    if default_storage.exists(path):
        default_storage.delete(path)
    return default_storage.save(path, ContentFile(content))


def _held(document: IncomingDocument) -> IncomingDocument:
    own = IncomingDocument.objects.written_by(current_company())
    return own.select_for_update(of=("self",)).get(pk=document.pk)


def _must_be_open(document: IncomingDocument) -> None:
    if not document.is_open:
        raise ValidationError(
            _("This document is %(state)s already."), params={"state": document.get_state_display()}
        )


def _decide(
    document: IncomingDocument, state: str, reason: str, now: datetime, actor: Any
) -> tuple[IncomingDocument, bool]:
    """The document, and whether the decision is new."""
    with transaction.atomic():
        held = _held(document)
        if held.state == state:
            return held, False
        _must_be_open(held)
        held.state, held.reason = state, reason
        held.decided_at, held.decided_by = now, str(actor)
        held.save(update_fields=["state", "reason", "decided_at", "decided_by"])
        _answer(held, now)
        record(
            action=f"billing.incoming_{state}", subject=held.public_id, now=now, actor=actor,
            also=[held.sender_id] if held.sender_id else [],
        )  # fmt: skip
    return held, True


def _answer(document: IncomingDocument, now: datetime) -> IncomingAnswer:
    """A row of its own, of what the sender knows anyway; the document itself stays with us."""
    company = current_company()
    return IncomingAnswer.objects.create(
        author=company, parties=sorted({company.pk, document.sender_id or company.pk}),
        document=document, receiver_name=company.name, outcome=document.state,
        number=document.number, issued_on=document.issued_on, currency=document.currency,
        gross_minor=document.gross_minor, reason=document.reason,
        answered_at=now, answered_by=document.decided_by,
    )  # fmt: skip
