"""Plans as data, each company's subscription, what was reported of its use, who sponsors whom."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.subscriptions.domain import standing as rules
from apps.subscriptions.domain.limits import FEE_COLUMNS, Counted
from apps.subscriptions.domain.provider import OWED
from apps.subscriptions.domain.standing import Facts
from apps.tenancy.fence import FencedModel

# As `Company.standing` has them: the same words on both rows.
STANDINGS = [
    ("good", _("in good standing")),
    ("reminded", _("payment is missing")),
    ("read_only", _("read-only")),
    ("suspended", _("suspended")),
]


class Plan(models.Model):
    """What the platform sells, as the operator sets it. Exempt from the fence, read-only to the portal."""

    code = models.CharField(max_length=20, primary_key=True)
    place = models.SmallIntegerField()
    title_en = models.CharField(max_length=60)
    title_de = models.CharField(max_length=60)
    text_en = models.CharField(max_length=300, blank=True)
    text_de = models.CharField(max_length=300, blank=True)
    # Whether a company may choose it; the others are given by agreement, or are where one begins.
    is_sold = models.BooleanField(default=True)
    # 0: no trial.
    trial_days = models.SmallIntegerField(default=0)
    currency = models.CharField(max_length=3)
    # A month, without tax. Per asset, and per started pack of 100,000 readings, beyond what is included.
    fee_minor = MinorField()
    asset_fee_minor = MinorField(default=0)
    pack_fee_minor = MinorField(default=0)
    included_assets = models.IntegerField(null=True)
    included_readings = models.BigIntegerField(null=True)
    # Per document on which a partner's shares are settled, and per order of a marketplace, beyond what is included.
    statement_fee_minor = MinorField(default=0)
    included_statements = models.IntegerField(null=True)
    order_fee_minor = MinorField(default=0)
    included_orders = models.IntegerField(null=True)
    # Without a number there is no limit.
    most_assets = models.IntegerField(null=True)
    most_networks = models.IntegerField(null=True)
    most_devices = models.IntegerField(null=True)
    most_readings = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["place"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(
                    fee_minor__gte=0,
                    asset_fee_minor__gte=0,
                    pack_fee_minor__gte=0,
                    statement_fee_minor__gte=0,
                    order_fee_minor__gte=0,
                ),
                name="subscriptions_plan_fees",
            ),
            models.CheckConstraint(
                condition=Q(trial_days__gte=0, trial_days__lte=365), name="subscriptions_plan_trial"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """In the reader's language."""
        return self.title_de if (get_language() or "").startswith("de") else self.title_en

    @property
    def text(self) -> str:
        return self.text_de if (get_language() or "").startswith("de") else self.text_en

    def most(self, what: Counted) -> int | None:
        """The limit; None: there is none."""
        found: int | None = getattr(self, f"most_{what}", None)
        return found

    def included(self, what: Counted) -> int | None:
        found: int | None = getattr(self, f"included_{what}", None)
        return found

    def fee_for(self, what: Counted) -> int:
        """In minor units, for each one (of readings each pack) beyond what is included."""
        return int(getattr(self, FEE_COLUMNS[what])) if what in FEE_COLUMNS else 0


class Subscription(FencedModel):
    """By what right a company (the author) has which plan. One row each; none: a participant.

    `status` is the provider's word as it was last read there. `standing` follows from the row and the day;
    a trigger notes it on the company, which every page reads anyway.
    """

    class Basis(models.TextChoices):
        NONE = rules.Basis.NONE.value, _("nothing ordered")
        TRIAL = rules.Basis.TRIAL.value, _("free trial")
        AGREEMENT = rules.Basis.AGREEMENT.value, _("by agreement")
        PROVIDER = rules.Basis.PROVIDER.value, _("ordered")

    prefix = "sbs"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    basis = models.CharField(max_length=9, choices=Basis)
    since = models.DateTimeField()
    trial_until = models.DateTimeField(null=True)
    # At the provider.
    customer_ref = models.CharField(max_length=60, blank=True)
    # A hash of what its customer there was last described by.
    told_facts = models.CharField(max_length=64, blank=True)
    subscription_ref = models.CharField(max_length=60, blank=True)
    checkout_ref = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=20, blank=True)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True)
    # A smaller one that follows at the end of the paid period.
    next_plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, related_name="+")
    unpaid_since = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    # How many of its subscriptions there are in force: more than one is paid twice, and a person has to end one.
    living = models.SmallIntegerField(default=0)
    standing = models.CharField(max_length=9, choices=STANDINGS, default="good")
    reminders = models.SmallIntegerField(default=0)
    # What the company was warned of: a limit by its name, or "trial".
    warned = ArrayField(models.CharField(max_length=10), default=list)

    class Meta:
        ordering = ["since", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author"], name="subscriptions_once"),
            models.CheckConstraint(
                condition=~Q(basis="provider") | ~Q(subscription_ref=""),
                name="subscriptions_provider_has_reference",
            ),
            models.CheckConstraint(
                condition=~Q(basis="trial") | Q(trial_until__isnull=False),
                name="subscriptions_trial_ends",
            ),
            models.CheckConstraint(
                condition=Q(standing="good")
                | Q(basis="provider", unpaid_since__isnull=False,
                    standing__in=["reminded", "read_only", "suspended"]),
                name="subscriptions_standing_has_reason",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.author_id} {self.plan_id}"

    @property
    def facts(self) -> Facts:
        """What its standing follows from."""
        return Facts(rules.Basis(self.basis), self.status, self.trial_until, self.unpaid_since)

    @property
    def had_plan(self) -> bool:
        """Whether a trial or a plan ever ran: an order that was begun and left is neither."""
        return self.basis != self.Basis.NONE

    def waits_for(self, plan: Plan) -> bool:
        """Whether a change to this plan is one at the end of the paid period: a trial's is not paid."""
        return plan.fee_minor < self.plan.fee_minor and self.status != "trialing"


class Sponsorship(FencedModel):
    """A participant (the author) takes part because another company brought it in; both see it."""

    prefix = "spo"

    sponsor = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    sponsor_name = models.CharField(max_length=120)
    participant_name = models.CharField(max_length=120)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["since", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author"], condition=Q(ended_at=None), name="subscriptions_one_sponsor"
            ),
            models.CheckConstraint(
                condition=~Q(author=F("sponsor")), name="subscriptions_sponsor_is_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant_name} ← {self.sponsor_name}"


class PlanInvoice(FencedModel):
    """An invoice of the platform to the company (the author), as it was last read at the provider."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("to be paid")
        PAID = "paid", _("paid")
        VOID = "void", _("cancelled")
        UNCOLLECTIBLE = "uncollectible", _("not collected")

    prefix = "piv"

    invoice_ref = models.CharField(max_length=60)
    number = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=13, choices=State)
    currency = models.CharField(max_length=3)
    net_minor = MinorField()
    tax_minor = MinorField()
    total_minor = MinorField()
    open_minor = MinorField()
    # As printed: [{text, net_minor}].
    lines = models.JSONField(default=list)
    issued_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "invoice_ref"], name="subscriptions_invoice_once"
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor")),
                name="subscriptions_invoice_sum",
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.invoice_ref

    @property
    def is_owed(self) -> bool:
        """Whether it can and has to be paid, also after the provider gave it up."""
        return self.state in OWED and self.open_minor > 0


class UseReport(FencedModel):
    """So much more of what is charged by use, told to the provider once by this row's id."""

    prefix = "usr"

    what = models.CharField(max_length=12)
    # Of the billed period that begins then; the sum of its rows is what was used beyond the plan.
    period_start = models.DateTimeField()
    more = models.IntegerField()
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    # Why the provider did not take it when it was sent last.
    refusal = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["made_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(more__gt=0), name="subscriptions_report_is_more"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.more}"
