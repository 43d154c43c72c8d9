"""Companies that come and go: signing up, leaving, and the certificate of what was erased."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import uuid7
from apps.common.ids import encode
from apps.subscriptions.models.plans import Plan
from apps.tenancy.fence import FencedModel


class SignUp(models.Model):
    """Somebody who wants a company here, until it stands.

    Exempt from the fence, since there is no company yet: a browser reaches its own row by the mailed link alone.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        PROVEN = "proven", _("address proven")
        BUILDING = "building", _("being set up")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField()
    language = models.CharField(max_length=5)
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Of the newest mail; the link in an older one opens nothing.
    token_hash = models.CharField(max_length=64, blank=True)
    mail_tries = models.SmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, null=True, related_name="+")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, related_name="+")
    slug = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict)
    company = models.ForeignKey(
        "tenancy.Company", on_delete=models.CASCADE, null=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)
    # How often it was begun to be set up, and when it is tried next.
    tries = models.SmallIntegerField(default=0)
    try_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["slug"], condition=Q(state="building"), name="subscriptions_sign_up_address"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["building", "ready"])
                | (Q(user__isnull=False, plan__isnull=False) & ~Q(slug="")),
                name="subscriptions_sign_up_complete",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.email} {self.state}"


class Departure(FencedModel):
    """A company (the author) asks that its data be erased on a day; until then it may go on after all.

    The company writes the wish and takes it back; everything after that is the platform's (policy).
    """

    class State(models.TextChoices):
        ASKED = "asked", _("asked for")
        WITHDRAWN = "withdrawn", _("withdrawn")
        ERASING = "erasing", _("being erased")
        # Rows are gone; files and people follow.
        CLEARED = "cleared", _("rows erased")
        ERASED = "erased", _("erased")

    prefix = "dep"

    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    asked_by_id = models.BigIntegerField()
    # The only name and address that stay, for the certificate.
    asked_by = models.CharField(max_length=200)
    email = models.EmailField()
    language = models.CharField(max_length=5)
    due_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    # When it was due and something was unfinished: looked at last, and what it was.
    held_at = models.DateTimeField(null=True)
    held = ArrayField(models.CharField(max_length=300), default=list)
    # Of the export that was written last; of what was erased: counts, files to drop, people.
    export = models.JSONField(default=dict)
    report = models.JSONField(default=dict)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author"], condition=~Q(state="withdrawn"), name="subscriptions_one_departure"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("asked_at")), name="subscriptions_departure_waits"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "withdrawn"]) | Q(began_at__gte=F("due_at")),
                name="subscriptions_departure_is_due",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.author_id} {self.state}"


class Certificate(models.Model):
    """What was erased of a company, what stays and why, signed. Written by the platform.

    Exempt from the fence, since its company is gone: reached by the mailed link alone, and in the console.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.OneToOneField("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    body = models.JSONField()
    public_key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    email = models.EmailField()
    language = models.CharField(max_length=5)
    # Of the mailed link, which does not end.
    token_hash = models.CharField(max_length=64, blank=True)
    mail_tries = models.SmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)
    # The company's customer records at the payment provider, and how far their deletion there is: asked first,
    # confirmed by the provider, next try, tries so far, what the provider said last.
    customers = ArrayField(models.CharField(max_length=120), default=list)
    customers_asked_at = models.DateTimeField(null=True)
    customers_gone_at = models.DateTimeField(null=True)
    customers_try_at = models.DateTimeField(null=True)
    customers_tries = models.SmallIntegerField(default=0)
    customers_said = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(customers_gone_at=None)
                | Q(customers_gone_at__gte=F("customers_asked_at")),
                name="subscriptions_certificate_asked_first",
            ),
        ]

    def __str__(self) -> str:
        return str(self.body.get("company", {}).get("name", ""))

    @property
    def public_id(self) -> str:
        return encode("cer", self.id)
