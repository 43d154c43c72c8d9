"""What people of a company are told, what they choose to hear of, and the mails of it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.notifications.domain import topics
from apps.tenancy.fence import FencedModel


class MailMode(models.TextChoices):
    AT_ONCE = topics.AT_ONCE, _("at once")
    DAILY = topics.DAILY, _("daily")
    NEVER = topics.NEVER, _("never")


class Mail(FencedModel):
    """One mail to one person: of a single notification, or the mail of a day.

    It is claimed before it is handed over. Who dies in between leaves it claimed; nobody can tell
    whether it went out, so it is not sent again unless its reader asks.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("on its way")
        SENT = "sent", _("sent")
        REFUSED = "refused", _("not taken by the mail server")
        UNCLEAR = "unclear", _("perhaps not sent")
        DROPPED = "dropped", _("dropped")

    prefix = "nml"

    person = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    # The local day of the company; empty for a mail of a single notification.
    digest_on = models.DateField(null=True)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    made_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "person", "digest_on"], name="notifications_one_mail_a_day"
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at=None)),
                name="notifications_mail_sent",
            ),
        ]  # fmt: skip
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["author", "person"], condition=Q(state__in=["refused", "unclear"]),
                name="notifications_mail_open",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person_id} {self.state}"


class Notification(FencedModel):
    """What one person is told of one event under one topic. Seen by that person alone."""

    prefix = "ntf"

    person = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    event_id = models.UUIDField()
    topic = models.CharField(max_length=20)
    # Its text is made of these at reading, in the reader's language (`wording.MESSAGES`).
    message = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, blank=True)
    params = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    # As the person had chosen when it was written.
    in_app = models.BooleanField()
    mail_mode = models.CharField(max_length=7, choices=MailMode)
    mail = models.ForeignKey(
        Mail, on_delete=models.PROTECT, null=True, related_name="notifications"
    )
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "person", "topic", "event_id"], name="notifications_told_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["author", "person", "-created_at", "-id"], name="notifications_of_person"
            ),
            # The number at the bell.
            models.Index(
                fields=["author", "person"], condition=Q(read_at=None, in_app=True),
                name="notifications_unread",
            ),
            # What the next mail of the day tells.
            models.Index(
                fields=["author", "person"], condition=Q(mail_mode="daily", mail=None),
                name="notifications_to_mail",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.message} {self.subject}"


class Choice(FencedModel):
    """How a person wants to hear of one topic, where it is not as the topic begins."""

    prefix = "nch"

    person = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=20)
    in_app = models.BooleanField()
    mail_mode = models.CharField(max_length=7, choices=MailMode)

    class Meta:
        ordering = ["topic"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "person", "topic"], name="notifications_chosen_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.mail_mode}"
