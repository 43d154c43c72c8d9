"""Value networks, and which company plays which role in them from when to when."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.tenancy.fence import FencedModel


class Role(models.TextChoices):
    """What a company does in a value network; it may play several."""

    MANUFACTURER = "manufacturer", _("manufacturer")
    OWNER = "owner", _("owner")
    PROVIDER = "provider", _("service provider")
    CUSTOMER = "customer", _("customer")
    MAINTENANCE = "maintenance", _("maintenance partner")
    SUPPLIER = "supplier", _("supplier")
    INTEGRATOR = "integrator", _("solution provider")
    MARKETPLACE = "marketplace", _("marketplace provider")
    PLATFORM = "platform", _("IIoT platform provider")


class ValueNetwork(FencedModel):
    """Companies that do business together. Its author founded it; who is invited sees it."""

    prefix = "net"

    name = models.CharField(max_length=120)
    purpose = models.CharField(max_length=500, blank=True)
    # Whether members see each other, or the founder alone. Said before anybody joins; never changed.
    members_meet = models.BooleanField(default=False)
    founder_name = models.CharField(max_length=120)
    founded_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "name"], name="networks_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Participation(FencedModel):
    """One company in one role, from its invitation to its leaving. Written by the founder.

    The company itself answers with rows of its own (`Answer`); the founder's portal notes them here.
    """

    class State(models.TextChoices):
        INVITED = "invited", _("invited")
        ACTIVE = "active", _("member")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")
        ENDED = "ended", _("ended")

    prefix = "prt"

    network = models.ForeignKey(ValueNetwork, on_delete=models.PROTECT, related_name="members")
    company = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    company_name = models.CharField(max_length=120)
    role = models.CharField(max_length=12, choices=Role)
    state = models.CharField(max_length=9, choices=State, default=State.INVITED)
    invited_at = models.DateTimeField()
    joined_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["network", "role", "company_name", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "network", "company", "role"],
                condition=Q(state__in=["invited", "active"]),
                name="networks_role_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(joined_at__isnull=False, ended_at=None),
                name="networks_member_has_joined",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("invited_at")),
                name="networks_end_after_invitation",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.company_name} {self.role}"


class Answer(FencedModel):
    """What the invited company says to its participation; appended, never changed."""

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        LEFT = "left", _("left")

    prefix = "ans"

    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, related_name="answers"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    said_by = models.CharField(max_length=200)
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["said_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "participation", "kind"], name="networks_answer_once"
            ),
            models.UniqueConstraint(
                fields=["author", "participation"], condition=~Q(kind="left"),
                name="networks_first_answer_once",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.participation_id} {self.kind}"


class CompanyProfile(FencedModel):
    """What a company tells those it knows about itself; one a company, seen by its acquaintances."""

    class Fact(models.TextChoices):
        """Facts of the company that may stand on it."""

        ADDRESS = "address", _("postal address")
        CONTACT = "contact", _("contact person")
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("telephone")
        VAT_ID = "vat_id", _("VAT id")
        REGISTER = "register", _("register entry")

    prefix = "cpr"

    about = models.CharField(max_length=1000, blank=True)
    website = models.URLField(max_length=200, blank=True)
    shown = ArrayField(models.CharField(max_length=8, choices=Fact), default=list)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["author"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author"], name="networks_profile_once"),
            models.CheckConstraint(
                condition=Q(shown__contained_by=["address", "contact", "email", "phone", "vat_id", "register"]),
                name="networks_profile_facts",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.author_id}"
