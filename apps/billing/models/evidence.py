"""The company's signing key and the stored evidence files."""

from typing import Any, ClassVar

from django.db import models

from apps.billing.models.documents import Invoice
from apps.tenancy.fence import FencedModel


class SigningKey(FencedModel):
    """The company's Ed25519 key for evidence. The private half is encrypted and seen by nobody else."""

    prefix = "sgk"

    public_key = models.CharField(max_length=64)
    private_key_encrypted = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "public_key"], name="billing_signing_key"),
        ]

    def __str__(self) -> str:
        return self.public_key


class EvidenceFile(FencedModel):
    """The signed evidence of an issued invoice as a stored file; both parties download it."""

    prefix = "evf"

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="evidence_files")
    public_key = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    size = models.IntegerField()
    reading_count = models.IntegerField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["made_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "invoice"], name="billing_evidence_file_once"
            ),
        ]

    def __str__(self) -> str:
        return self.path
