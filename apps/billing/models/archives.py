"""Archives of documents that a person asked for: a ZIP that a job writes."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.tenancy.fence import FencedModel


class DocumentArchive(FencedModel):
    """Files of chosen documents with a manifest; seen by its company alone, kept for a while."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being written")
        DONE = "done", _("ready")

    prefix = "arc"

    # Keys of the invoices, in the order of the list they were chosen from.
    documents = models.JSONField()
    document_count = models.IntegerField()
    done_count = models.IntegerField(default=0)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    done_at = models.DateTimeField(null=True)
    path = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0)
    file_count = models.IntegerField(default=0)
    # Documents that lacked a file when it was written; the manifest names them.
    missing_count = models.IntegerField(default=0)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(state="waiting", done_at=None, path="")
                | (Q(state="done", done_at__isnull=False) & ~Q(path="") & ~Q(sha256="")),
                name="billing_archive_done",
            ),
            models.CheckConstraint(
                condition=Q(document_count__gt=0, done_count__gte=0,
                            done_count__lte=models.F("document_count")),
                name="billing_archive_counts",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.public_id

    @property
    def file_name(self) -> str:
        return f"documents-{self.asked_at:%Y-%m-%d}-{self.document_count}.zip"

    @property
    def percent(self) -> int:
        return 100 * self.done_count // self.document_count
