"""People, their memberships in companies, invitations, one-time entry codes and API keys."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.tenancy.fence import FencedModel

# Columns such as `actor` and `signed_by` hold 200 characters, “ (platform operator)” included.
_LONGEST_SAID = 180


class UserManager(BaseUserManager["User"]):
    """Makes people by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


# What stands in place of the name of an erased person.
ERASED_NAME = "Erased person"
# What secrets of authenticator apps and recovery codes are sealed for.
FACTORS_SEALED_FOR = "accounts.second-factor"


class User(AbstractBaseUser):
    """One person, however many companies. Exempt from the fence: reached through `known_people`."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=5, default="en")
    time_zone = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        ordering = ["name", "id"]

    # Set while a person of the platform looks into a company's portal: their acts say so.
    helping = False

    def __str__(self) -> str:
        whole = f"{self.name} <{self.email}>"[:_LONGEST_SAID]
        return f"{whole} (platform operator)" if self.helping else whole

    def get_full_name(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """The name; of an erased person the word for one, in the reader's language."""
        return str(_("Erased person")) if self.name == ERASED_NAME else self.name

    # The console shows everything to staff and nothing to others; there are no finer rights in it.
    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and self.is_staff

    def has_perms(self, perms: Any, obj: Any = None) -> bool:
        return self.is_active and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff


class Membership(FencedModel):
    """A person's position in a company (the author). Read by the company and by the person."""

    class Position(models.TextChoices):
        DIRECTOR = "director", _("Director")
        FINANCE = "finance", _("Finance")
        OPERATIONS = "operations", _("Operations")
        TECHNICIAN = "technician", _("Technician")
        VIEWER = "viewer", _("Viewer")

    prefix = "mem"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    position = models.CharField(max_length=12, choices=Position)
    joined_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["joined_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "user"],
                condition=models.Q(ended_at=None),
                name="accounts_membership_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.position}"


class Impersonation(FencedModel):
    """Half an hour in which a person of the platform sees the author's portal, and why.

    Written by the platform; read by the company and by the person; the company's portal ends it.
    """

    prefix = "hlp"

    operator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    operator_name = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(
                    expires_at__gt=models.F("started_at"),
                    expires_at__lte=models.F("started_at") + timedelta(minutes=30),
                ),
                name="accounts_impersonation_is_short",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="accounts_impersonation_reason"
            ),
            models.UniqueConstraint(
                fields=["author", "operator"], condition=models.Q(ended_at=None),
                name="accounts_impersonation_once",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.operator_name} {self.started_at}"

    @property
    def over_at(self) -> datetime:
        """When it ended, or ends."""
        return self.ended_at or self.expires_at


class Invitation(FencedModel):
    """A mailed invitation into the author's company; the mail's token is stored hashed."""

    prefix = "ivt"

    email = models.EmailField()
    position = models.CharField(max_length=12, choices=Membership.Position)
    token_hash = models.CharField(max_length=64)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-invited_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "token_hash"], name="accounts_invitation_token"
            ),
        ]

    def __str__(self) -> str:
        return self.email


class EntryCode(models.Model):
    """A single-use code that carries a signed-in person from the sign-in host to a company's host,
    or without a company to the operator's console.

    Stored hashed; 30 seconds; bound to the host's company and to the browser. Exempt from the fence.
    `confirmed_at`: when the person last showed who they are. `way`: how, and so what the code opens; a row
    of which nothing is said opens the least.
    """

    class Way(models.TextChoices):
        SIGNED_IN = "signed_in", "signed in"
        SIGN_ON = "sign_on", "single sign-on"
        ACCEPTANCE = "acceptance", "to accept an invitation alone"

    code_hash = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    company = models.ForeignKey(
        "tenancy.Company", on_delete=models.CASCADE, related_name="+", null=True
    )
    browser_hash = models.CharField(max_length=64)
    session_key = models.CharField(max_length=40, default="")
    confirmed_at = models.DateTimeField(null=True)
    way = models.CharField(
        max_length=10, choices=Way, default=Way.SIGNED_IN, db_default=Way.ACCEPTANCE
    )
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"entry of {self.user_id}"


class SignOn(FencedModel):
    """A company's own identity provider (OpenID Connect); its people may sign in there.

    The issuer is pinned: tokens of any other are refused. The secret is sealed. A person's address
    must lie in one of the domains. Without `switched_on_at` nobody signs in by it.
    """

    prefix = "sso"

    issuer = models.CharField(max_length=300)
    client_id = models.CharField(max_length=200)
    client_secret = models.TextField()
    domains = ArrayField(models.CharField(max_length=253))
    switched_on_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author"], name="accounts_signon_one"),
        ]

    def __str__(self) -> str:
        return self.issuer


class SignOnLink(FencedModel):
    """A member and who they are at the company's provider; without a subject, an open way to link."""

    prefix = "sol"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255, null=True)
    token_hash = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    linked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "user"], name="accounts_signonlink_person"),
            models.UniqueConstraint(
                fields=["author", "issuer", "subject"], name="accounts_signonlink_subject"
            ),
            models.CheckConstraint(
                condition=models.Q(subject=None, linked_at=None)
                | models.Q(subject__isnull=False, linked_at__isnull=False),
                name="accounts_signonlink_linked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.issuer}"


class Attempt(models.Model):
    """How much of what may be tried was tried: of an account, an address, a browser or a person.

    `free_at`: when the next try would be free if tries came evenly; the farther ahead of now, the
    more were made at once. The key is hashed. Exempt from the fence.
    """

    key = models.CharField(max_length=64, primary_key=True)
    free_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"attempts until {self.free_at}"


class PersonAct(models.Model):
    """What changed about a person's way in, append-only. Exempt from the fence: it is of no company.

    `what` names the sign-in, the company whose provider it is about, or a passkey's name before and after; `address`
    is where it was done from.
    """

    class Change(models.TextChoices):
        # Values are allauth's own names of these changes.
        PASSWORD_CHANGED = "password_changed", _("Your password was changed.")
        PASSWORD_RESET = "password_reset", _("Your password was chosen anew.")
        PASSWORD_SET = "password_set", _("A password was set.")
        APP_ADDED = "totp_activated", _("An authenticator app was added.")
        APP_REMOVED = "totp_deactivated", _("The authenticator app was removed.")
        PASSKEY_ADDED = "webauthn_added", _("A passkey was added.")
        PASSKEY_REMOVED = "webauthn_removed", _("A passkey was removed.")
        PASSKEY_RENAMED = "webauthn_renamed", _("A passkey got another name.")
        CODES_RENEWED = "recovery_codes_generated", _("New recovery codes were made.")
        SIGN_IN_ENDED = "sign_in_ended", _("A sign-in was ended from afar.")
        LINKED = "linked", _("Linked at a company's identity provider.")
        UNLINKED = "unlinked", _("No longer linked at a company's identity provider.")

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    change = models.CharField(max_length=30, choices=Change)
    what = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=45, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.change} of {self.person_id}"


class ApiKey(FencedModel):
    """A key of the author's company, bound to a device or not; only its hash is stored."""

    class Scope(models.TextChoices):
        INTAKE = "intake", _("send readings")
        READ = "read", _("read data")
        MOUNT = "mount", _("record mountings")
        DECLARE = "declare", _("declare resets, exchanges and corrections")

    prefix = "key"

    name = models.CharField(max_length=80)
    hint = models.CharField(max_length=12)
    secret_hash = models.CharField(max_length=64)
    device_id = models.UUIDField(null=True, blank=True)
    device_label = models.CharField(max_length=120, blank=True)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.INTAKE)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "secret_hash"], name="accounts_key_secret"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"


class VatCheck(FencedModel):
    """What the EU's register (VIES) said of the company's VAT id, when it was asked last. One row a company."""

    class State(models.TextChoices):
        WAITING = "waiting", _("not asked yet")
        VALID = "valid", _("valid")
        INVALID = "invalid", _("not valid")
        UNAVAILABLE = "unavailable", _("register not available")

    prefix = "vat"

    vat_id = models.CharField(max_length=20)
    state = models.CharField(max_length=11, choices=State, default=State.WAITING)
    # Of the last question; the register's own number for it, where it gives one.
    asked_at = models.DateTimeField(null=True)
    consultation = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=200, blank=True)
    # The register's own word of why it did not answer.
    reason = models.CharField(max_length=60, blank=True)
    tries = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author"], name="accounts_vat_check_once"),
        ]

    def __str__(self) -> str:
        return f"{self.vat_id} {self.state}"
