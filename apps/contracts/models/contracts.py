"""Contracts of a provider and a customer: what is covered, and who signed it."""

from datetime import date, timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.common.ids import encode
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.domain.commercial import DunningTerms
from apps.contracts.domain.notice import NoticeTerms
from apps.contracts.domain.opening import OpeningBalances
from apps.contracts.domain.service import ServiceLevels
from apps.pricing.groups import Group
from apps.telemetry.domain.counting import CountRules
from apps.telemetry.domain.measures import LevelMeasure
from apps.telemetry.domain.sources import MeterTerms
from apps.tenancy.fence import FencedModel


class Contract(FencedModel):
    """Written by the provider (its author). A draft is seen by the provider alone."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OFFERED = "offered", _("offered")
        ACTIVE = "active", _("active")
        ENDED = "ended", _("ended")

    class PeriodKind(models.TextChoices):
        MONTH = "month", _("month")
        WEEK = "week", _("week")

    class TaxCategory(models.TextChoices):
        STANDARD = "S", _("standard rate")
        REVERSE = "AE", _("reverse charge")
        EXEMPT = "E", _("exempt")
        ZERO = "Z", _("zero rated")
        OUTSIDE = "O", _("outside the scope of tax")

    class Corrections(models.TextChoices):
        AT_ONCE = "at_once", _("at once")
        WITH_NEXT = "with_next", _("with the next invoice")

    prefix = "ctr"

    # In which network; none of contracts outside of any.
    network = models.ForeignKey(
        "networks.ValueNetwork", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    customer = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    provider_name = models.CharField(max_length=120)
    customer_name = models.CharField(max_length=120)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    starts_on = models.DateField()
    # The first day not covered any more, as it holds now; `agreed_ends_on`: as both signed it, noted
    # with the activation. An end by notice, by agreement or with a network comes before it.
    ends_on = models.DateField(null=True, blank=True)
    agreed_ends_on = models.DateField(null=True, blank=True, editable=False)
    period_kind = models.CharField(max_length=5, choices=PeriodKind, default=PeriodKind.MONTH)
    time_zone = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    tax_category = models.CharField(max_length=2, choices=TaxCategory)
    payment_days = models.SmallIntegerField(default=30)
    # When a difference found after issue is billed.
    corrections = models.CharField(max_length=9, choices=Corrections, default=Corrections.AT_ONCE)
    buyer_reference = models.CharField(max_length=80, blank=True)
    order_number = models.CharField(max_length=80, blank=True)
    # Of a contract that ran elsewhere: `apps.contracts.domain.opening.OpeningBalances`.
    opening = models.JSONField(null=True)
    # Late payment: `apps.contracts.domain.commercial.DunningTerms`; None: as the law has it.
    dunning = models.JSONField(null=True)
    deposit_minor = MinorField(null=True)
    credit_limit_minor = MinorField(null=True)
    # How either side may end it: `apps.contracts.domain.notice.NoticeTerms`; None: only both together.
    notice = models.JSONField(null=True)
    # What is promised beside the price: `apps.contracts.domain.service.ServiceLevels`; None: nothing.
    service = models.JSONField(null=True)
    # An accepted order: it covers one day and is billed once.
    is_one_off = models.BooleanField(default=False, db_default=False)
    # Who reads what besides: dicts of `apps.contracts.domain.clause.ClauseEntry`.
    data_clause = models.JSONField(default=list, blank=True)
    # What data the covered assets made when it was offered, and who collects them; see
    # `queries.clause.data_sheet_of`. The customer may see the assets less well than the provider.
    data_sheet = models.JSONField(default=dict, blank=True)
    drafted_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-drafted_at", "-id"]
        # Each side's list in its order, and how many wait: see `ReachPaginator` and the home page.
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["author", "-drafted_at", "-id"], name="contracts_provided"),
            models.Index(fields=["customer", "-drafted_at", "-id"], name="contracts_used"),
            models.Index(fields=["author", "state"], name="contracts_provided_state"),
            models.Index(fields=["customer", "state"], name="contracts_used_state"),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                # Equal where it was cancelled before it began.
                condition=models.Q(ends_on=None) | models.Q(ends_on__gte=models.F("starts_on")),
                name="contracts_contract_span",
            ),
            models.CheckConstraint(
                condition=models.Q(payment_days__gte=0, payment_days__lte=365),
                name="contracts_payment_days",
            ),
            models.CheckConstraint(
                condition=~models.Q(author=models.F("customer")), name="contracts_two_companies"
            ),
            models.CheckConstraint(
                condition=models.Q(deposit_minor=None) | models.Q(deposit_minor__gt=0),
                name="contracts_deposit",
            ),
            models.CheckConstraint(
                condition=models.Q(credit_limit_minor=None) | models.Q(credit_limit_minor__gte=0),
                name="contracts_credit_limit",
            ),
            models.CheckConstraint(
                condition=models.Q(is_one_off=False)
                | models.Q(ends_on=models.F("starts_on") + timedelta(days=1)),
                name="contracts_one_off_day",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_concluded(self) -> bool:
        """Whether both have signed it, be it in force or over."""
        return self.state in (self.State.ACTIVE, self.State.ENDED)

    @property
    def signed_ends_on(self) -> date | None:
        """The end that its signatures speak of."""
        return self.agreed_ends_on if self.is_concluded else self.ends_on

    @property
    def ends_otherwise(self) -> bool:
        """Whether it ends on another day than both signed first."""
        return self.signed_ends_on != self.ends_on

    @property
    def notice_terms(self) -> NoticeTerms | None:
        return NoticeTerms.from_dict(self.notice)

    @property
    def service_levels(self) -> ServiceLevels:
        return ServiceLevels.from_dict(self.service)

    @property
    def dunning_terms(self) -> DunningTerms:
        return DunningTerms.from_dict(self.dunning)

    @property
    def clause(self) -> list[ClauseEntry]:
        return [ClauseEntry.from_dict(row) for row in self.data_clause]

    @property
    def opening_balances(self) -> OpeningBalances:
        return OpeningBalances.from_dict(self.opening)


class ContractItem(FencedModel):
    """A covered asset's channel, priced under a meter code of the plan. `ends_on` is exclusive.

    With `follows_host` the asset is a component and the channel that of the hosts that carry it.
    """

    prefix = "itm"

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="items")
    asset = models.ForeignKey("assets.Asset", on_delete=models.PROTECT, related_name="+")
    asset_label = models.CharField(max_length=120)
    meter = models.CharField(max_length=40)
    channel_code = models.CharField(max_length=40)
    unit = models.CharField(max_length=20)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    # By which agreement it came later, and the first day it is not covered any more by one.
    added_by = models.ForeignKey(
        "contracts.CoverChange", on_delete=models.PROTECT, null=True, related_name="items"
    )
    withdrawn_on = models.DateField(null=True)
    follows_host = models.BooleanField(default=False)
    # What is billed of a gauge or state: `apps.telemetry.domain.measures.LevelMeasure`.
    measure = models.JSONField(null=True)
    # Under which rules a counter or amounts count: `apps.telemetry.domain.counting.CountRules`.
    counting = models.JSONField(null=True)
    # As whose member it is priced: `apps.pricing.groups.Group`.
    group_of = models.JSONField(null=True)
    # Its sources in order and what an expired meter does: `apps.telemetry.domain.sources.MeterTerms`.
    meter_terms = models.JSONField(null=True)

    class Meta:
        ordering = ["contract", "meter", "asset_label", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "contract", "asset", "meter", "channel_code"],
                name="contracts_item_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_label} {self.channel_code}"

    @property
    def covered_until(self) -> date | None:
        """The first day that is not covered any more; None: as long as the contract."""
        return min((day for day in (self.ends_on, self.withdrawn_on) if day), default=None)

    @property
    def level_measure(self) -> LevelMeasure | None:
        """What is billed of a gauge or state; None of anything else."""
        return None if self.measure is None else LevelMeasure.from_dict(self.measure)

    @property
    def count_rules(self) -> CountRules | None:
        """Under which rules a counter or amounts count; None where they simply do."""
        return None if self.counting is None else CountRules.from_dict(self.counting)

    @property
    def group(self) -> Group | None:
        """As whose member it is priced; None of what is priced by itself."""
        return Group.from_dict(self.group_of)

    @property
    def agreed_meter(self) -> MeterTerms:
        """Its sources in order; where nothing is said the device alone."""
        return MeterTerms() if self.meter_terms is None else MeterTerms.from_dict(self.meter_terms)

    @property
    def channel_codes(self) -> list[str]:
        """The channels of its sources and those of the conditions it counts under."""
        rules = self.count_rules
        sources = self.agreed_meter.codes(self.channel_code)
        return [*sources, *(() if rules is None else rules.channels)]

    @property
    def asset_public_id(self) -> str:
        """The covered asset's copyable id, also where the asset itself is not seen."""
        return encode("ast", self.asset_id)


class Signature(FencedModel):
    """One party's yes to exactly this content; a row of its own, written by who signs."""

    prefix = "sig"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="signatures")
    content_sha256 = models.CharField(max_length=64)
    # What the provider offered, so that the next offer can say what changed.
    content = models.JSONField(null=True)
    signed_by = models.CharField(max_length=200)
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["signed_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "contract", "content_sha256"], name="contracts_signature_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.author_id}"
