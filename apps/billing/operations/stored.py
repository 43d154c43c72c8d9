"""Files on the storage, named by their content and checked against the hash of their row."""

import hashlib
from typing import Protocol

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _


class Stored(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def sha256(self) -> str: ...


def write_once(place: str, extension: str, content: bytes) -> tuple[str, str]:
    """Store the content as `place-HASH.extension`; returns (path, SHA-256).

    Named by its content: a file left by a broken transaction is found and used again.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    path = f"{place}-{sha256[:16]}.{extension}"
    if default_storage.exists(path):
        default_storage.delete(path)
    return default_storage.save(path, ContentFile(content)), sha256


def read_stored(found: Stored) -> bytes:
    """The stored bytes; raises ValidationError when they are missing or not those of the row."""
    try:
        with default_storage.open(found.path) as file:
            content: bytes = file.read()
    except OSError:
        raise ValidationError(_("The stored file is missing.")) from None
    if hashlib.sha256(content).hexdigest() != found.sha256:
        raise ValidationError(_("The stored file is damaged."))
    return content
