"""What a draft states: the contract's own facts and its covered channels, as values."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from apps.contracts.domain.commercial import AS_THE_LAW, DunningTerms
from apps.contracts.domain.notice import NoticeTerms
from apps.contracts.domain.opening import NOTHING_BEFORE, OpeningBalances
from apps.contracts.domain.service import NO_PROMISE, ServiceLevels
from apps.telemetry.domain.counting import CountRules
from apps.telemetry.domain.measures import LevelMeasure
from apps.telemetry.domain.sources import MeterTerms


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """Terms of a contract. `ends_on` is exclusive; `payment_days` count from issue; `network_id`: in
    which network.

    Deposit and credit limit are minor units of the currency; None: none is agreed. `notice` None:
    neither side ends it by itself.
    """

    customer_id: int
    title: str
    starts_on: date
    ends_on: date | None = None
    period_kind: str = "month"
    time_zone: str = "Europe/Berlin"
    currency: str = "EUR"
    tax_category: str = "S"
    payment_days: int = 30
    corrections: str = "at_once"
    buyer_reference: str = ""
    order_number: str = ""
    opening: OpeningBalances = NOTHING_BEFORE
    network_id: UUID | None = None
    dunning: DunningTerms = AS_THE_LAW
    deposit_minor: int | None = None
    credit_limit_minor: int | None = None
    is_one_off: bool = False
    notice: NoticeTerms | None = None
    service: ServiceLevels = NO_PROMISE


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """The group an item is a member of: items of one meter with the same label; as
    `apps.pricing.groups.Group` has it."""

    label: str
    aggregate: str
    level: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A covered asset's channel under a meter code of the plan.

    `unit` is needed only where the asset's channels are not visible (another company collects).
    A gauge or state has a `measure`; a counter or amounts may count under rules (`counting`).
    `meter_terms`: sources in order; None: the device alone. An item that `follows_host` covers a
    component: the channel is that of whatever carries it.
    """

    asset_id: UUID
    channel_code: str
    meter: str
    starts_on: date | None = None
    ends_on: date | None = None
    unit: str = ""
    follows_host: bool = False
    measure: LevelMeasure | None = None
    counting: CountRules | None = None
    group: GroupFacts | None = None
    meter_terms: MeterTerms | None = None

    @property
    def channel_codes(self) -> tuple[str, ...]:
        """The covered channel and those of the conditions it counts under."""
        return self.channel_code, *(() if self.counting is None else self.counting.channels)
