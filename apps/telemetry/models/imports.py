"""File imports and the profiles they are read by."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.fields import uuid7
from apps.common.ids import encode


class ImportProfile(models.Model):
    """How to read one kind of file: see `apps.telemetry.domain.mapping` for the form of `mapping`."""

    prefix: ClassVar[str] = "prf"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    mapping = models.JSONField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["name"], name="telemetry_profile_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return encode(self.prefix, self.id)


class ImportRun(models.Model):
    """One file, read once: the same content under the same profile is the same import.

    `taken_at`: the instants its readings are stored with, one for each try. `undone_rows` and
    `withdrawn`: rows looked through and readings withdrawn, where it is undone.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    prefix: ClassVar[str] = "imp"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    profile = models.ForeignKey(ImportProfile, on_delete=models.PROTECT, related_name="runs")
    mapping = models.JSONField()
    file_name = models.CharField(max_length=200)
    stored_as = models.CharField(max_length=200)
    content_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State, default=State.UPLOADED)
    job_id = models.UUIDField(null=True)
    rows_total = models.IntegerField(default=0)
    rows_done = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    duplicates = models.IntegerField(default=0)
    conflicts = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    problems = models.JSONField(default=list)
    error = models.TextField(blank=True)
    uploaded_by = models.CharField(max_length=200)
    uploaded_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    taken_at = ArrayField(models.DateTimeField(), default=list)
    undone_rows = models.IntegerField(default=0)
    withdrawn = models.IntegerField(default=0)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=200, blank=True, default="")
    undo_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["content_sha256", "profile"], name="telemetry_import_once"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def public_id(self) -> str:
        return encode(self.prefix, self.id)
