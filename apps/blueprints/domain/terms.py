"""Contracts in a scenario file: parties, covered channels with what is billed of them, opening balances."""

import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from apps.contracts.domain.notice import NoticeTerms
from apps.contracts.domain.service import MOST_HOURS, ServiceHours, ServiceLevels

Slug = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, Meta(min_length=1, max_length=120)]
# Of a day, HH:MM.
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Seconds = Annotated[int, Meta(gt=0)]


class MeasurePart(Struct, forbid_unknown_fields=True, frozen=True):
    """What is billed of a gauge or state; `value`: the level or state; see gauges-and-states.md."""

    aggregate: Text
    hold_seconds: Seconds
    value: Decimal | None = None
    step: Decimal | None = None
    estimate: str = ""


class ConditionPart(Struct, forbid_unknown_fields=True, frozen=True):
    """Counts only while another channel is one of some values, at least or at most a level: one of them."""

    channel: Code
    hold_seconds: Seconds
    is_one_of: list[Decimal] = []
    at_least: Decimal | None = None
    at_most: Decimal | None = None


class GapsPart(Struct, forbid_unknown_fields=True, frozen=True):
    """How silences of a counter or of amounts longer than that are estimated."""

    rule: Literal["last_week", "straight_line"]
    longer_than_seconds: Seconds


class GroupPart(Struct, forbid_unknown_fields=True, frozen=True):
    """The group an item is a member of: the same words with each."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    billed: Literal["sum", "maximum", "mean", "count_above"]
    level: Decimal | None = None


class MeterTermsPart(Struct, forbid_unknown_fields=True, frozen=True):
    """Which source counts for a counter, in order: device, channel:<code>, declared; see meter-of-record.md.

    `expired`: what usage of a meter whose verification has expired does.
    """

    sources: Annotated[list[Text], Meta(min_length=1)]
    silent_after_hours: Annotated[int, Meta(gt=0)] = 24
    deviation_percent: Decimal | None = None
    expired: Literal["mark", "park"] = "mark"


class ItemPart(Struct, forbid_unknown_fields=True, frozen=True):
    """A covered asset's channel under a meter code of the plan; of a component its hosts'."""

    asset: str
    channel: Code
    meter: Code
    follows_host: bool = False
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None
    measure: MeasurePart | None = None
    only_while: list[ConditionPart] = []
    gaps: GapsPart | None = None
    opens_with: Decimal | None = None
    group: GroupPart | None = None
    meter_terms: MeterTermsPart | None = None


class CoverPart(Struct, forbid_unknown_fields=True, frozen=True):
    """In a blueprint: every asset of a type is covered by one of its channels under a meter."""

    type: Text
    channel: Code
    meter: Code
    follows_host: bool = False
    measure: MeasurePart | None = None


class OpenItemPart(Struct, forbid_unknown_fields=True, frozen=True):
    """An invoice of the system before that is not paid, in the contract's currency."""

    number: Annotated[str, Meta(min_length=1, max_length=60)]
    due_on: datetime.date
    amount: Decimal


class OpeningPart(Struct, forbid_unknown_fields=True, frozen=True):
    """What a contract that ran elsewhere comes with; charges by their code, amounts net."""

    year_from: datetime.date | None = None
    charged: dict[str, Decimal] = {}
    included_used: dict[str, Decimal] = {}
    open_items: list[OpenItemPart] = []


class ReminderPart(Struct, forbid_unknown_fields=True, frozen=True):
    """A reminder after its day; the fee in the contract's currency, the law's lump sum on request."""

    after_days: int
    fee: Decimal = Decimal(0)
    with_lump: bool = False


class DataPart(Struct, forbid_unknown_fields=True, frozen=True):
    """Who reads what of the covered assets besides: a recipient of the contract's data clause.

    Without a resolution it is device health, which names no channels.
    """

    company: Slug
    purpose: Annotated[str, Meta(min_length=1, max_length=200)]
    channels: list[Code] = []
    resolution: Literal["", "raw", "hourly", "daily"] = ""
    revocable: bool = False

    @property
    def kind(self) -> str:
        return "values" if self.resolution else "health"

    @property
    def key(self) -> str:
        """Which of a contract's recipients it is."""
        return f"{self.company}-{self.resolution or self.kind}"


class NoticePart(Struct, forbid_unknown_fields=True, frozen=True):
    """So many days before its end either side says so: to the end of a billing period or to any day."""

    days: Annotated[int, Meta(ge=0, le=1830)]
    to: Literal["period", "any_day"] = "period"

    @property
    def terms(self) -> NoticeTerms:
        return NoticeTerms(self.days, self.to)


class HoursPart(Struct, forbid_unknown_fields=True, frozen=True):
    """When service hours count, in the contract's zone; without times round the clock."""

    days: Literal["all", "mon_sat", "mon_fri"] = "all"
    opens: Clock = "00:00"
    closes: Clock = "00:00"


class ServicePart(Struct, forbid_unknown_fields=True, frozen=True):
    """What is promised beside the price: hours from a report on, percent of each billing period."""

    answer_hours: Annotated[int, Meta(ge=1, le=MOST_HOURS)] | None = None
    on_site_hours: Annotated[int, Meta(ge=1, le=MOST_HOURS)] | None = None
    repair_hours: Annotated[int, Meta(ge=1, le=MOST_HOURS)] | None = None
    availability: Decimal | None = None
    hours: HoursPart = HoursPart()

    @property
    def levels(self) -> ServiceLevels:
        hours = ServiceHours.from_dict(
            {"days": self.hours.days, "opens": self.hours.opens, "closes": self.hours.closes}
        )
        return ServiceLevels(
            self.answer_hours, self.on_site_hours, self.repair_hours, self.availability, hours
        )


class ContractPart(Struct, forbid_unknown_fields=True, frozen=True):
    """A bilateral contract; `state` is how far it is taken."""

    provider: Slug
    customer: Slug
    title: Text
    plan: dict[str, Any]
    # A scenario's contract has both; a blueprint's begins when it is made and covers by type.
    starts_on: datetime.date | None = None
    items: list[ItemPart] = []
    covers: list[CoverPart] = []
    ends_on: datetime.date | None = None
    period: Literal["month", "week"] = "month"
    time_zone: str = "Europe/Berlin"
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR"
    tax_category: Literal["S", "AE", "E", "Z", "O"] = "S"
    payment_days: Annotated[int, Meta(ge=0, le=365)] = 30
    corrections: Literal["at_once", "with_next"] = "at_once"
    buyer_reference: str = ""
    order_number: str = ""
    # The name of a network that provider and customer are members of.
    network: str = ""
    opening: OpeningPart | None = None
    # Percent a year above the reference rate; reminders, deposit and limit in the currency.
    late_points: Decimal | None = None
    reminders: list[ReminderPart] = []
    deposit: Decimal | None = None
    credit_limit: Decimal | None = None
    # Without it neither side ends the contract by itself.
    notice: NoticePart | None = None
    service: ServicePart | None = None
    state: Literal["draft", "offered", "active"] = "draft"
    data: list[DataPart] = []
    # Who gets what, as `apps.contracts.domain.split.Split` is written, companies by address name.
    split: dict[str, Any] | None = None


class DeclaredPart(Struct, forbid_unknown_fields=True, frozen=True):
    """What the customer of a contract read off a counter at the end of a local day."""

    provider: Slug
    customer: Slug
    contract: Text
    asset: Text
    channel: Code
    read_on: datetime.date
    value: Decimal
    reason: Annotated[str, Meta(max_length=200)] = ""
