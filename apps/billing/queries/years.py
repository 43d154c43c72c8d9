"""The contract years of plans with a yearly minimum: what their earlier periods charged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import BigIntegerField, Case, F, Q, Sum, When

from apps.billing.models import Invoice, InvoiceLine
from apps.common.period import Period, local_date, midnight, period_of
from apps.contracts.domain.years import YearSpan, year_of_period
from apps.contracts.models import Contract, PlanVersion
from apps.metering.models import BilledPeriod
from apps.pricing.circumstances import ContractYear
from apps.pricing.values import PricingError, ServiceDays
from apps.tenancy.context import current_company


class YearNotComplete(PricingError):
    """An earlier period of the contract year is not billed, or not seen by this company."""

    def __init__(self) -> None:
        super().__init__("earlier_period_open")


@dataclass(slots=True)
class _Earlier:
    """A billed period of the year before the one in question, and its nets in minor units."""

    start: datetime
    end: datetime
    nets: Mapping[str, int]


# A contract's period by its start.
Key = tuple[UUID, datetime]


def contract_years(
    wanted: Sequence[tuple[Contract, Period]],
) -> dict[Key, ContractYear | YearNotComplete]:
    """By contract and period's start the year it counts in; a contract may stand there often.

    Two queries, none where no year closes.
    """
    spans = {_key(*pair): year_span(*pair) for pair in wanted}
    closing = [pair for pair in wanted if spans[_key(*pair)].closes]
    earlier = _earlier_periods(closing, spans)
    years: dict[Key, ContractYear | YearNotComplete] = {}
    for contract, period in wanted:
        key = _key(contract, period)
        span, found = spans[key], earlier.get(key, [])
        whole = not span.closes or _tiles(contract, period, span, found)
        years[key] = _year(contract, span, found) if whole else YearNotComplete()
    return years


def _key(contract: Contract, period: Period) -> Key:
    return contract.id, period.start


def year_span(contract: Contract, period: Period) -> YearSpan:
    """The contract year that a period counts in."""
    zone = contract.time_zone
    first, after = local_date(period.start, zone), local_date(period.end, zone)
    since = contract.opening_balances.year_from
    return year_of_period(contract.starts_on, contract.ends_on, first, after, since)


def closing_periods(
    rows: Sequence[BilledPeriod], contracts: Mapping[UUID, Contract]
) -> list[BilledPeriod]:
    """Billed periods that true up the contract years of these ones, where a plan has a yearly
    minimum. Two queries."""
    yearly = set(
        PlanVersion.objects.filter(
            contract__among=list(contracts), plan__charges__contains=[{"model": "yearly_minimum"}]
        ).values_list("contract_id", flat=True)
    )
    if not yearly:
        return []
    spans = {row.id: _span_of(row, contracts) for row in rows if row.contract_id in yearly}
    years = {(row.contract_id, spans[row.id].first) for row in rows if row.id in spans}
    billed = BilledPeriod.objects.filter(
        contract_id__in=yearly, state=BilledPeriod.State.BILLED
    ).exclude(id__in=spans)
    return [
        row for row in billed
        if (span := _span_of(row, contracts)).closes and (row.contract_id, span.first) in years
    ]  # fmt: skip


def ended_later(contract_id: UUID) -> list[UUID]:
    """Own billed periods that an end agreed on afterwards may touch: the last ones.

    One may be the last of its contract year now, and one has billed a fee for days after the end.
    """
    rows = BilledPeriod.objects.written_by(current_company()).filter(
        contract=contract_id, state=BilledPeriod.State.BILLED
    )
    return list(rows.order_by("-start").values_list("id", flat=True)[:2])


def priced_before_agreed(contract_id: UUID) -> list[UUID]:
    """Own billed periods that the latest prices touch, where billing was quicker than their adoption.

    The one before them has billed a fee in advance.
    """
    versions = PlanVersion.objects.filter(contract=contract_id).order_by("-number")
    latest = versions.select_related("contract").first()
    if latest is None:
        return []
    since = midnight(latest.valid_from, latest.contract.time_zone)
    rows = BilledPeriod.objects.written_by(current_company()).filter(
        contract=contract_id, state=BilledPeriod.State.BILLED, end__gte=since
    )
    return list(rows.order_by("start").values_list("id", flat=True))


def _span_of(row: BilledPeriod, contracts: Mapping[UUID, Contract]) -> YearSpan:
    return year_span(contracts[row.contract_id], Period(row.start, row.end))


def _year(contract: Contract, span: YearSpan, periods: Sequence[_Earlier]) -> ContractYear:
    nets: dict[str, int] = {}
    for period in periods:
        for code, net in period.nets.items():
            nets[code] = nets.get(code, 0) + net
    # What was charged elsewhere belongs to the year the contract came with.
    elsewhere = contract.opening_balances.charged if span.first <= contract.starts_on else {}
    return ContractYear(span.closes, ServiceDays(span.days, span.covered), nets, elsewhere)


def _first_start(contract: Contract, span: YearSpan) -> datetime:
    """Where the year's first period begins: the first one that begins in it, or the contract's."""
    start = midnight(max(span.first, contract.starts_on), contract.time_zone)
    holding = period_of(contract.period_kind, contract.time_zone, start)
    if span.first <= contract.starts_on or holding.start == start:
        return holding.start
    return holding.end


def _tiles(contract: Contract, period: Period, span: YearSpan, periods: Sequence[_Earlier]) -> bool:
    """Whether the earlier periods lead from the year's start to the period without a gap.

    The other party sees issued documents only: a period without lines may be a draft to it.
    """
    reached = _first_start(contract, span)
    for item in sorted(periods, key=lambda item: item.start):
        if item.start != reached or (not item.nets and contract.author_id != current_company().pk):
            return False
        reached = item.end
    return reached == period.start


def _earlier_periods(
    pairs: Sequence[tuple[Contract, Period]], spans: Mapping[Key, YearSpan]
) -> dict[Key, list[_Earlier]]:
    """Of each period the billed ones of its year before it, with their nets."""
    if not pairs:
        return {}
    firsts = {_key(*pair): _first_start(pair[0], spans[_key(*pair)]) for pair in pairs}
    chosen = Q()
    for contract, period in pairs:
        first = firsts[_key(contract, period)]
        chosen |= Q(contract=contract.id, start__gte=first, start__lt=period.start)
    rows = list(BilledPeriod.objects.filter(chosen, state=BilledPeriod.State.BILLED))
    nets = _nets([row.id for row in rows])
    return {
        _key(contract, period): [
            _Earlier(row.start, row.end, nets.get(row.id, {}))
            for row in rows
            if row.contract_id == contract.id
            and firsts[_key(contract, period)] <= row.start < period.start
        ]
        for contract, period in pairs
    }


def _nets(periods: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """By period and charge what its documents say together; a credit note takes off."""
    signed = Case(
        When(invoice__kind=Invoice.Kind.CREDIT_NOTE, then=-F("net_minor")),
        default=F("net_minor"),
        output_field=BigIntegerField(),
    )
    rows = (
        InvoiceLine.objects.filter(billed_period__in=periods)
        .exclude(explanation__timing="advance")
        .order_by()
        .values_list("billed_period_id", "charge")
        .annotate(net=Sum(signed))
    )
    found: dict[UUID, dict[str, int]] = {}
    for key, code, net in rows:
        found.setdefault(key, {})[code] = net
    return found
