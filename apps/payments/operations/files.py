"""Files to and from the bank, stored by their content."""

import hashlib
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from apps.payments.models import BankFile, PayoutBatch
from apps.tenancy.context import current_company


def store_file(
    *, kind: str, content: bytes, entry_count: int, total_minor: int, currency: str, now: datetime,
    batch: PayoutBatch | None = None,
) -> BankFile:  # fmt: skip
    """Keep the file and its row, once per content; a file left by a broken transaction is replaced."""
    own, sha256 = current_company(), hashlib.sha256(content).hexdigest()
    known: BankFile | None = BankFile.objects.written_by(own).filter(
        kind=kind, sha256=sha256
    ).first()  # fmt: skip
    if known is not None:
        return known
    path = f"bank/{own.pk}/{kind}-{sha256[:24]}.xml"
    if default_storage.exists(path):
        default_storage.delete(path)
    made: BankFile = BankFile.objects.create(
        author=own, parties=[own.pk], kind=kind, batch=batch, sha256=sha256, size=len(content),
        path=default_storage.save(path, ContentFile(content)), entry_count=entry_count,
        total_minor=total_minor, currency=currency, made_at=now,
    )  # fmt: skip
    return made


def read_file(found: BankFile) -> bytes:
    """The stored bytes; raises ValidationError when they are missing or not those of the row."""
    try:
        with default_storage.open(found.path) as file:
            content: bytes = file.read()
    except OSError:
        raise ValidationError(_("The stored file is missing.")) from None
    if hashlib.sha256(content).hexdigest() != found.sha256:
        raise ValidationError(_("The stored file is damaged."))
    return content
