"""Companies, their addresses, and which of them know each other."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from apps.tenancy.fence import FencedModel

ADDRESS_NAME = RegexValidator(
    r"^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,39}$",
    _("Use 2 to 40 lower-case letters, digits and single hyphens, beginning with a letter."),
)


class Company(TenantMixin):
    """A tenant. Exempt from the fence: others see it only through `known_companies`."""

    class State(models.TextChoices):
        PROVISIONING = "provisioning", _("being set up")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        # Its data is gone or going; the row stays, because others' documents name it, and so does its address.
        ERASED = "erased", _("erased")

    auto_create_schema = False

    id = models.AutoField(primary_key=True)
    slug = models.CharField(max_length=40, unique=True, validators=[ADDRESS_NAME])
    name = models.CharField(max_length=120)
    street = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2)
    vat_id = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    # What stands on documents besides: the tax office's number, the entry in a register such as
    # "HRB 4711, Amtsgericht Kiel", and whom to ask.
    tax_number = models.CharField(max_length=30, blank=True)
    register_entry = models.CharField(max_length=80, blank=True)
    contact_name = models.CharField(max_length=80, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    # Where e-invoices go to, as `scheme:identifier` of the EAS code list; empty: by e-mail.
    e_address = models.CharField(max_length=60, blank=True, default="", db_default="")
    language = models.CharField(max_length=5, default="en")
    time_zone = models.CharField(max_length=64, default="Europe/Berlin")
    currency = models.CharField(max_length=3, default="EUR")
    state = models.CharField(max_length=12, choices=State, default=State.PROVISIONING)
    # What it is in business with others (`common.sides`), in the order it became so. Noted by triggers of
    # the rows that make it so, since another company often writes these.
    sides = ArrayField(models.CharField(max_length=8), blank=True, default=list, db_default=[])
    # What it may do by its subscription, as `subscriptions` has it; noted by a trigger of that row, and
    # never by a company.
    standing = models.CharField(max_length=9, default="good", db_default="good")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "companies"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(country__regex=r"^[A-Z]{2}$"), name="tenancy_company_country"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Hostname(DomainMixin):
    """One address of a company's portal, without port. Exempt from the fence."""

    tenant = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="hostnames")

    class Meta:
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.domain


class Acquaintance(FencedModel):
    """Two companies that may choose each other in forms; written by the one that knew the address."""

    prefix = "acq"

    other = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["made_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "other"], name="tenancy_acquaintance_once"),
            models.CheckConstraint(
                condition=~models.Q(author=models.F("other")), name="tenancy_acquaintance_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author_id} – {self.other_id}"
