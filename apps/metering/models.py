"""What is to be metered, for which periods, and the evidence of what was."""

from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Func, Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import QuantityField
from apps.metering.domain.calendars import calendars_on
from apps.metering.domain.told_apart import (
    Calendars,
    ChargeWindows,
    quantities_by_charge,
    windows_from_text,
)
from apps.pricing.changes import UsageWindows
from apps.pricing.groups import Group
from apps.telemetry.domain.counting import CountRules
from apps.telemetry.domain.measures import LevelMeasure
from apps.telemetry.domain.sources import MeterTerms
from apps.tenancy.fence import FencedModel


class MeteringOrder(FencedModel):
    """All a collector needs to see of one contract item. Written by the provider on activation.

    A component's item has one for each company that collects from its hosts: `stays` are dicts of
    `domain.parts.Stay` on that company's hosts, rewritten with every mounting.
    """

    prefix = "mor"

    collector = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    contract_id = models.UUIDField()
    item_id = models.UUIDField()
    customer_id = models.IntegerField()
    asset_id = models.UUIDField()
    asset_label = models.CharField(max_length=120)
    meter = models.CharField(max_length=40)
    channel_code = models.CharField(max_length=40)
    unit = models.CharField(max_length=20)
    time_zone = models.CharField(max_length=64)
    period_kind = models.CharField(max_length=5)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    # Of a gauge or state: `apps.telemetry.domain.measures.LevelMeasure`, as the contract froze it.
    measure = models.JSONField(null=True)
    # Of a counter or amounts: `apps.telemetry.domain.counting.CountRules`, as the contract froze them.
    counting = models.JSONField(null=True)
    # As whose member it is priced: `apps.pricing.groups.Group`.
    group_of = models.JSONField(null=True)
    # Sources in order, and what an expired meter does: `apps.telemetry.domain.sources.MeterTerms`.
    meter_terms = models.JSONField(null=True)
    follows_host = models.BooleanField(default=False)
    stays = models.JSONField(default=list)
    host_ids = ArrayField(models.UUIDField(), default=list)
    # Windows of the week to tell usage apart by, as `domain.calendars` reads them.
    calendars = models.JSONField(default=list)
    # Up to here the evidence of every invoice is stored: the readings before may go.
    evidenced_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["contract_id", "meter", "asset_label"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "item_id", "collector"], name="metering_order_of_collector"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_label} {self.channel_code}"

    def calendars_on(self, day: date) -> Calendars:
        """By charge the windows of the plan version that holds on a day of the contract."""
        return calendars_on(self.calendars, day)

    @property
    def level_measure(self) -> LevelMeasure | None:
        """What is billed of a gauge or state; None of a counter, amounts or a component."""
        return None if self.measure is None else LevelMeasure.from_dict(self.measure)

    @property
    def count_rules(self) -> CountRules | None:
        """Under which rules a counter or amounts count; None where they simply do."""
        return None if self.counting is None else CountRules.from_dict(self.counting)

    @property
    def group(self) -> Group | None:
        return Group.from_dict(self.group_of)

    @property
    def agreed_meter(self) -> MeterTerms:
        """Its sources in order; where nothing is said the device alone."""
        return MeterTerms() if self.meter_terms is None else MeterTerms.from_dict(self.meter_terms)

    @property
    def has_fallbacks(self) -> bool:
        return self.meter_terms is not None and self.agreed_meter.has_fallbacks

    @property
    def source_codes(self) -> tuple[str, ...]:
        """The channels of the asset that it reads, the one of record first."""
        if self.meter_terms is None:
            return (self.channel_code,)
        return self.agreed_meter.codes(self.channel_code)

    @property
    def source_code(self) -> str:
        """The channel of record: the agreed one, or that of what the customer declares of it."""
        return self.source_codes[0]

    @property
    def channel_codes(self) -> list[str]:
        """The channels of its sources and those of the conditions it counts under."""
        rules = self.count_rules
        return [*self.source_codes, *(() if rules is None else rules.channels)]


class BilledPeriod(FencedModel):
    """One contract and service period `[start, end)`; the chain that is billed at most once."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        BILLED = "billed", _("billed")
        PARKED = "parked", _("parked")

    prefix = "bpd"

    contract = models.ForeignKey(
        "contracts.Contract", on_delete=models.PROTECT, related_name="periods"
    )
    start = models.DateTimeField()
    end = models.DateTimeField()
    follows = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="followed_by"
    )
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)

    class Meta:
        ordering = ["contract", "start"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(end__gt=models.F("start")), name="metering_period_not_empty"
            ),
            ExclusionConstraint(
                name="metering_period_no_overlap",
                expressions=[
                    ("contract", RangeOperators.EQUAL),
                    (
                        Func(
                            models.F("start"),
                            models.F("end"),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.start:%Y-%m-%d}"


class UsageRecord(FencedModel):
    """The evidence of one item and period. Written by the collector; frozen; newer ones name it.

    `figures` has the form of `apps.metering.domain.usage.UsageFigures`.
    """

    prefix = "usg"

    billed_period = models.ForeignKey(
        BilledPeriod, on_delete=models.PROTECT, related_name="usage_records"
    )
    generation = models.SmallIntegerField(default=1)
    item_id = models.UUIDField()
    asset_id = models.UUIDField()
    asset_label = models.CharField(max_length=120)
    meter = models.CharField(max_length=40)
    channel_code = models.CharField(max_length=50)
    unit = models.CharField(max_length=20)
    # What of the period the item is covered for.
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    quantity = QuantityField()
    figures = models.JSONField()
    readings_sha256 = models.CharField(max_length=64)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    # Something a person should look at: an expired meter, another source that deviates too far.
    warns = models.BooleanField(default=False)

    class Meta:
        ordering = ["billed_period", "meter", "asset_label", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["billed_period", "generation", "item_id", "author"],
                name="metering_usage_once",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=-(10**18), quantity__lte=10**18),
                name="metering_usage_bounded",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # A late reading looks for the records of its asset from its day on.
            models.Index(fields=["asset_id", "ends_at"], name="metering_usage_asset"),
            # The home page asks for the latest.
            models.Index(
                fields=["recorded_at"], name="metering_usage_warns", condition=Q(warns=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_label} {self.quantity}"

    @property
    def windows(self) -> UsageWindows:
        """By charge and window; None where the plan has none."""
        rows = self.figures.get("windows", ())
        return quantities_by_charge(map(ChargeWindows.from_dict, rows))

    @property
    def group(self) -> Group | None:
        """As whose member it is priced; None of what is priced by itself."""
        return Group.from_dict(self.figures.get("group"))

    @property
    def priced_as(self) -> str:
        """What lines name as their asset: the asset, or the group it is a member of."""
        group = self.group
        return str(self.asset_id) if group is None else group.key

    @property
    def reading_unit(self) -> str:
        """The unit of its readings; of a gauge, a state or a weighed count not that of the quantity."""
        measure = self.figures.get("measure")
        counted_in = str(self.figures.get("counted_in", "")) or self.unit
        return counted_in if measure is None else str(measure["unit"])

    @property
    def is_estimated(self) -> bool:
        """Whether a part of the quantity fills a gap."""
        return any(self.figures.get(name, {}).get("estimates") for name in ("measure", "counting"))

    def says_the_same(self, other: "UsageRecord") -> bool:
        """Whether both state the same usage and evidence, whatever versions they rest on."""
        one, two = ({**row.figures, "versions": None} for row in (self, other))
        return one == two


class ProvisionalUsage(FencedModel):
    """What an open period's usage is so far; feeds the running cost. Rewritten as readings come."""

    prefix = "pvu"

    contract_id = models.UUIDField()
    item_id = models.UUIDField()
    asset_id = models.UUIDField()
    asset_label = models.CharField(max_length=120)
    meter = models.CharField(max_length=40)
    unit = models.CharField(max_length=20)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    quantity = QuantityField()
    daily = models.JSONField(default=list)
    # By charge and window, decimals as text; None where the plan has none.
    by_window = models.JSONField(null=True)
    group_of = models.JSONField(null=True)
    last_reading_at = models.DateTimeField(null=True)
    as_of = models.DateTimeField()

    class Meta:
        ordering = ["contract_id", "meter", "asset_label"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "item_id", "period_start"], name="metering_provisional_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_label} {self.quantity}"

    @property
    def windows(self) -> UsageWindows:
        """By charge and window, as a usage record has them."""
        return windows_from_text(self.by_window)

    @property
    def group(self) -> Group | None:
        """As whose member it is priced, as a usage record has it."""
        return Group.from_dict(self.group_of)


class DeclaredReading(FencedModel):
    """What a customer read off a counter at the end of a local day. Frozen; a later one names it.

    `read_at` is the instant at which that day ends; `generation` 0 is the first word on it.
    """

    prefix = "dcr"

    provider = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    contract_id = models.UUIDField()
    item_id = models.UUIDField()
    asset_label = models.CharField(max_length=120)
    channel_code = models.CharField(max_length=40)
    unit = models.CharField(max_length=20)
    value = QuantityField()
    read_at = models.DateTimeField()
    generation = models.SmallIntegerField(default=0)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    said_by = models.CharField(max_length=200)
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["item_id", "-read_at", "-generation"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "item_id", "read_at", "generation"],
                name="metering_declared_once",
            ),
            models.CheckConstraint(
                condition=Q(value__gte=0, value__lt=10**18), name="metering_declared_bounded"
            ),
            models.CheckConstraint(
                condition=Q(generation=0, replaces=None)
                | Q(generation__gt=0, replaces__isnull=False) & ~Q(reason=""),
                name="metering_declared_anew_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_label} {self.value}"


class DeclaredAnswer(FencedModel):
    """What became of a declared reading where it is collected; the customer sees it. Rewritten as it changes.

    `reason` and `params` as `apps.telemetry.wording.in_words` tells them.
    """

    class State(models.TextChoices):
        TAKEN = "taken", _("being checked")
        COUNTS = "counts", _("counts")
        NOT_BELIEVED = "not_believed", _("not believed")
        REFUSED = "refused", _("refused")

    prefix = "dca"

    item_id = models.UUIDField()
    asset_id = models.UUIDField()
    read_at = models.DateTimeField()
    generation = models.SmallIntegerField()
    state = models.CharField(max_length=12, choices=State)
    reason = models.CharField(max_length=40, blank=True)
    params = models.JSONField(default=dict)
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["item_id", "-read_at", "-generation"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "item_id", "read_at", "generation"], name="metering_answer_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["taken", "counts"], reason="")
                | Q(state__in=["not_believed", "refused"]) & ~Q(reason=""),
                name="metering_answer_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.read_at:%Y-%m-%d} {self.state}"
