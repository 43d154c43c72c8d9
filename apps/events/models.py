"""Outbox, jobs and audit rows: one shared table each; outgoing webhooks with their log."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
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
    # The outbox event it follows, if any.
    event_id = models.UUIDField(null=True)
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
            # Of a company what is not done: hardly any of its jobs.
            models.Index(
                fields=["company", "state", "run_after"],
                condition=models.Q(state__in=["waiting", "running", "parked"]),
                name="events_job_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.get_state_display()})"

    @property
    def percent(self) -> int:
        """Progress in whole percent; 0 while the total is unknown."""
        return self.progress_done * 100 // self.progress_total if self.progress_total else 0


class Housekeeping(FencedModel):
    """Up to which of its periods a kind of housekeeping was written for the author: when it was due."""

    prefix = "hsk"

    kind = models.CharField(max_length=80)
    due_at = models.DateTimeField()

    class Meta:
        ordering = ["author_id", "kind"]
        verbose_name_plural = "housekeeping"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "kind"], name="events_housekeeping_once"),
        ]

    def __str__(self) -> str:
        return f"{self.author_id} {self.kind}"


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


class AuditSeal(FencedModel):
    """A batch of the author's audit rows, chained to the one before. Written by the platform's sealer."""

    prefix = "sea"

    number = models.IntegerField()
    made_at = models.DateTimeField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    # Keys of its rows in their order, and as many hashes of 32 bytes.
    rows = ArrayField(models.UUIDField())
    hashes = models.BinaryField()
    last_row = models.UUIDField()

    class Meta:
        ordering = ["author_id", "number"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "number"], name="events_seal_number"),
            # A chain does not fork.
            models.UniqueConstraint(fields=["author", "previous"], name="events_seal_follows"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["last_row"], name="events_seal_last_row"),
        ]

    def __str__(self) -> str:
        return f"seal {self.number}"


class AuditCheck(FencedModel):
    """Whether the author's chain of seals held when it was last looked at; written by the platform."""

    prefix = "ack"

    checked_at = models.DateTimeField()
    seals = models.IntegerField()
    rows = models.IntegerField()
    faults = models.JSONField(default=list)

    class Meta:
        ordering = ["author_id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author"], name="events_audit_check_once"),
        ]

    def __str__(self) -> str:
        return f"{self.author_id} {self.checked_at}"


class WebhookReason(models.TextChoices):
    """Why a try failed, or why nothing is tried any more."""

    NONE = "", ""
    ADDRESS = "address", _("its address is not allowed")
    NAME = "name", _("the name of its host is not known")
    CONNECT = "connect", _("no connection")
    TLS = "tls", _("its certificate or encryption is not accepted")
    TIME = "time", _("no answer in time")
    CLOSED = "closed", _("the connection ended without an answer")
    LARGE = "large", _("the answer was too large")
    REDIRECT = "redirect", _("it answered with a redirect, which is not followed")
    STATUS = "status", _("it answered with an error")
    GONE = "gone", _("it answered that it is gone")
    PAUSED = "paused", _("the endpoint was paused or removed")
    ENDED = "ended", _("the data grant or its push has ended")


class Webhook(FencedModel):
    """An address of the author's that hears chosen events. Its secret is sealed and shown once."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        REMOVED = "removed", _("removed")

    class PausedBy(models.TextChoices):
        NOBODY = "", ""
        PERSON = "person", _("a person")
        FAILURES = "failures", _("five days without a taken message")
        GONE = "gone", _("its answer that it is gone")

    prefix = "whk"

    url = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True)
    events = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    secret_sealed = models.TextField()
    hint = models.CharField(max_length=4)
    # Signs too until `previous_until`, so that a receiver can change over.
    previous_sealed = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True)
    state = models.CharField(max_length=7, choices=State, default=State.ACTIVE)
    paused_by = models.CharField(max_length=8, choices=PausedBy, blank=True)
    made_at = models.DateTimeField()
    state_since = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    # While it fails one message at a time knocks.
    knocking_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(state="paused") & ~models.Q(paused_by="")
                | ~models.Q(state="paused") & models.Q(paused_by=""),
                name="events_webhook_paused_by",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What people call it."""
        return self.description or self.host

    @property
    def host(self) -> str:
        """The host alone: what else stands in an address may be a secret of the receiver's."""
        return self.url.partition("://")[2].partition("/")[0].partition("?")[0]


class WebhookMessage(FencedModel):
    """One message to one endpoint: the same id and the same bytes at each try."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("tries again")
        GIVEN_UP = "given_up", _("given up")

    prefix = "msg"

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="messages")
    event = models.CharField(max_length=40)
    # The outbox row it tells of; none of a test message and of pushed data.
    outbox_id = models.UUIDField(null=True)
    # What its sending depends on, such as a data grant.
    subject_id = models.UUIDField(null=True)
    content_type = models.CharField(max_length=60, default="application/json")
    body = models.TextField(blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=8, choices=WebhookReason, blank=True)
    http_status = models.SmallIntegerField(null=True)
    # Tries since it was written or last replayed; `WebhookTry` has all of them.
    tries = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "webhook", "outbox_id"], name="events_webhook_message_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "failed"], next_at__isnull=False)
                | models.Q(state__in=["delivered", "given_up"], settled_at__isnull=False),
                name="events_webhook_message_state",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["author", "made_at"], name="events_webhook_message_log"),
        ]

    def __str__(self) -> str:
        return f"{self.event} ({self.state})"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.FAILED)


class WebhookTry(FencedModel):
    """One try of a message, as it went. Of the answer's body only the beginning is kept."""

    prefix = "wht"

    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField()
    http_status = models.SmallIntegerField(null=True)
    reason = models.CharField(max_length=8, choices=WebhookReason, blank=True)
    answer = models.CharField(max_length=200, blank=True)
    milliseconds = models.IntegerField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.message_id} {self.http_status or self.reason}"


class WebhookPush(FencedModel):
    """What else an endpoint hears: everything of one kind about one subject, such as a data grant.

    Written by who receives; its parties are the subject's, so that all see where it goes.
    """

    prefix = "whp"

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="pushes")
    event = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    host = models.CharField(max_length=255)
    started_at = models.DateTimeField()

    class Meta:
        ordering = ["-started_at", "-id"]
        verbose_name_plural = "webhook pushes"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "event", "subject_id"], name="events_webhook_push_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.host}"
