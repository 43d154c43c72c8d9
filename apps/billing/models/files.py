"""Stored files of documents."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.tenancy.fence import FencedModel


class DocumentFile(FencedModel):
    """One form of an issued document as a stored file; both parties download it. Never changes.

    `document_id` is the key of what it is a file of: an invoice, or a document of a higher app.
    """

    class Form(models.TextChoices):
        PDF = "pdf", _("PDF with embedded XML")
        CII = "cii", _("XML (CII)")
        UBL = "ubl", _("XML (UBL)")
        XRECHNUNG = "xrechnung", _("XRechnung (UBL)")

    prefix = "dof"

    document_id = models.UUIDField()
    number = models.CharField(max_length=40)
    form = models.CharField(max_length=9, choices=Form)
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    size = models.IntegerField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["document_id", "form"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "document_id", "form"], name="billing_document_file_once"
            ),
        ]
        # Either party asks by the document alone.
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["document_id"], name="billing_document_file_of"),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def extension(self) -> str:
        return "pdf" if self.form == DocumentFile.Form.PDF else "xml"

    @property
    def file_name(self) -> str:
        """What a person saves it as: RE-2026-00042.pdf, RE-2026-00042-ubl.xml."""
        of_form = "" if self.form == DocumentFile.Form.PDF else f"-{self.form}"
        return f"{self.number}{of_form}.{self.extension}"
