"""Archives: a ZIP of documents' files and evidence, with a manifest of their hashes."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.models import DocumentArchive, DocumentFile, EvidenceFile, Invoice
from apps.billing.operations.stored import read_stored
from apps.common.money import Money
from apps.common.spreadsheets import BYTE_ORDER_MARK, Sheet
from apps.common.storage import Draft, drafted
from apps.events.operations import enqueue, record
from apps.tenancy.context import current_company

KIND = "billing.make_archive"
# About 70 KB a document: the file stays well below what a page can hand over at once.
MOST = 1_000
KEPT = timedelta(days=30)
MANIFEST = "manifest.csv"
BLOCK = 1_000_000
HEAD = (
    "number", "kind", "direction", "issued_on", "other_party", "currency", "net", "tax", "total",
    "file", "form", "bytes", "sha256",
)  # fmt: skip
MISSING = "missing"

Progress = Callable[[int], None]


@transaction.atomic
def ask_archive(*, invoices: Sequence[UUID], now: datetime, person: Any) -> DocumentArchive:
    """Of these issued documents that the company sees; a job writes it. The same twice is one.

    Raises ValidationError for none, or more than MOST.
    """
    issued = Invoice.objects.filter(id__in=list(invoices)[: MOST + 1], state=Invoice.State.ISSUED)
    known = set(issued.values_list("id", flat=True))
    keys = [str(key) for key in invoices if key in known]
    if not keys:
        raise ValidationError(_("The list holds no issued document."))
    if len(keys) > MOST:
        raise ValidationError(
            _("An archive holds at most %(most)s documents. Narrow the list, by month or customer.")
            % {"most": MOST}
        )
    own = current_company()
    waiting = DocumentArchive.objects.written_by(own).filter(state="waiting", documents=keys)
    found: DocumentArchive | None = waiting.first()
    return found or _asked(keys, now, person)


def _asked(keys: list[str], now: datetime, person: Any) -> DocumentArchive:
    own = current_company()
    made: DocumentArchive = DocumentArchive.objects.create(
        author=own, parties=[own.pk], documents=keys, document_count=len(keys), asked_at=now,
        asked_by=str(person)[:200],
    )  # fmt: skip
    enqueue(kind=KIND, payload={"archive": str(made.pk)}, now=now)
    record(
        action="billing.archive_asked", subject=made.public_id, now=now, actor=person,
        details={"documents": len(keys)},
    )  # fmt: skip
    return made


@dataclass(frozen=True, slots=True)
class _Piece:
    """A file of a document; `content` is None where it is missing or damaged."""

    name: str
    form: str
    content: bytes | None


def make_archive(*, archive_id: UUID, now: datetime, progress: Progress) -> bool:
    """Write the archive; what is written already stays. False: it is gone or done.

    A file at a time goes through memory. `progress` is told how many documents are in it.
    """
    own = DocumentArchive.objects.written_by(current_company())
    archive = own.filter(id=archive_id, state=DocumentArchive.State.WAITING).first()
    if archive is None:
        return False
    with drafted(f"{current_company().slug}/drafts") as target:
        counts = _write(archive, target, progress)
        _keep(archive, target, counts, now)
    return True


def _write(archive: DocumentArchive, target: IO[bytes], progress: Progress) -> tuple[int, int]:
    manifest = io.StringIO()
    table, files, missing = Sheet(manifest), 0, 0
    table.row(HEAD)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for count, key in enumerate(archive.documents, start=1):
            invoice = Invoice.objects.get(id=key)
            for piece in _pieces(invoice):
                table.row(_row(invoice, piece))
                if piece.content is None:
                    missing += 1
                    continue
                files += 1
                bundle.writestr(piece.name, piece.content)
            progress(count)
        bundle.writestr(MANIFEST, BYTE_ORDER_MARK + manifest.getvalue())
    return files, missing


def _pieces(invoice: Invoice) -> Iterator[_Piece]:
    """Its files, and the evidence; a document that has none yet is one missing PDF."""
    folder = str(invoice.number)
    stored = list(DocumentFile.objects.filter(document_id=invoice.id).order_by("form"))
    if not stored:
        yield _Piece(f"{folder}/{folder}.pdf", "pdf", None)
    for file in stored:
        yield _Piece(f"{folder}/{file.file_name}", file.form, _content(file))
    for evidence in EvidenceFile.objects.filter(invoice=invoice):
        yield _Piece(f"{folder}/{folder}-evidence.json", "evidence", _content(evidence))


def _content(stored: Any) -> bytes | None:
    try:
        return read_stored(stored)
    except ValidationError:
        return None


def _row(invoice: Invoice, piece: _Piece) -> list[str]:
    """Amounts in the currency's main unit, as decimal text; of a credit note below zero."""
    is_own = invoice.author_id == current_company().pk
    party = invoice.facts["recipient" if is_own else "issuer"]["name"]
    amounts = (invoice.net_minor, invoice.tax_minor, invoice.gross_minor)
    content = piece.content
    return [
        str(invoice.number), invoice.kind, "out" if is_own else "in", str(invoice.issued_on), party,
        invoice.currency,
        *(f"{Money(invoice.sign * minor, invoice.currency).to_decimal():f}" for minor in amounts),
        piece.name, piece.form, MISSING if content is None else str(len(content)),
        "" if content is None else hashlib.sha256(content).hexdigest(),
    ]  # fmt: skip


def _keep(archive: DocumentArchive, target: Draft, counts: tuple[int, int], now: datetime) -> None:
    target.seek(0)
    found = hashlib.sha256()
    while block := target.read(BLOCK):
        found.update(block)
    sha256 = found.hexdigest()
    size = target.tell()
    target.seek(0)
    place = f"archives/{archive.author_id}/{archive.id}.zip"
    if default_storage.exists(place):
        default_storage.delete(place)
    path = default_storage.save(place, target)
    DocumentArchive.objects.filter(id=archive.id).update(
        state=DocumentArchive.State.DONE, done_at=now, path=path, sha256=sha256, size=size,
        done_count=archive.document_count, file_count=counts[0], missing_count=counts[1],
    )  # fmt: skip


def note_written(*, archive_id: UUID, count: int) -> None:
    """Show how far it is on its page."""
    own = DocumentArchive.objects.written_by(current_company())
    own.filter(id=archive_id, state=DocumentArchive.State.WAITING).update(done_count=count)


def drop_old_archives(*, now: datetime) -> int:
    """What was asked for long ago goes; it can be written again. Returns how many."""
    own = DocumentArchive.objects.written_by(current_company())
    old = own.filter(asked_at__lt=now - KEPT, state=DocumentArchive.State.DONE)
    for archive in old:
        if default_storage.exists(archive.path):
            default_storage.delete(archive.path)
        archive.delete()
    return len(old)
