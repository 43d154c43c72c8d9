"""Outbox, jobs and audit rows: one shared table each."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.tenancy.fence import FencedModel


class OutboxEvent(FencedModel):
    """What happened, written in the transaction that made it happen."""

    prefix = "evt"

    name = models.CharField(max_length=80)
    payload = models.JSONField()
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["published_at", "id"]

    def __str__(self) -> str:
        return self.name


class Job(FencedModel):
    """Work to do. The row is the truth; the broker only rings the bell."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        PARKED = "parked", _("parked")

    class Queue(models.TextChoices):
        COMPANY = "company", _("company")
        PLATFORM = "platform", _("platform")

    prefix = "job"

    company = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=80)
    queue = models.CharField(max_length=10, choices=Queue, default=Queue.COMPANY)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.SmallIntegerField(default=0)
    run_after = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    dedupe = models.CharField(max_length=120, null=True)
    progress_done = models.IntegerField(default=0)
    progress_total = models.IntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)
    requested_by = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            # One waiting job of a kind and key: ringing twice is harmless.
            models.UniqueConstraint(
                fields=["author", "company", "kind", "dedupe"],
                condition=models.Q(state="waiting"),
                name="events_job_waits_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["run_after"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="events_job_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"

    @property
    def percent(self) -> int:
        """Progress in whole percent; 0 while the total is unknown."""
        return self.progress_done * 100 // self.progress_total if self.progress_total else 0


class AuditRow(FencedModel):
    """Who did what, append-only."""

    prefix = "aud"

    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=80)
    subject = models.CharField(max_length=80, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
