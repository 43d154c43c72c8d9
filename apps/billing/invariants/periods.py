"""Periods tile and chain; usage is billed once, and none that is billed is forgotten."""

from collections.abc import Iterator
from datetime import datetime

from apps.billing.invariants.registry import rows, shared


@shared("periods of a contract tile: each begins where the one it follows ends")
def periods_tile(now: datetime) -> Iterator[str]:
    for key, contract in rows(
        """
        select period.id, period.contract_id from public.metering_billedperiod period
        join public.metering_billedperiod earlier on earlier.id = period.follows_id
        where earlier."end" <> period.start or earlier.contract_id <> period.contract_id
        """
    ):
        yield f"period {key} of contract {contract} does not begin where its predecessor ends"


@shared("periods of a contract form one chain")
def periods_chain(now: datetime) -> Iterator[str]:
    for contract, count in rows(
        """
        select contract_id, count(*) from public.metering_billedperiod
        where follows_id is null group by contract_id having count(*) > 1
        """
    ):
        yield f"contract {contract} has {count} first periods"


@shared("periods of a contract never overlap and are never empty")
def periods_apart(now: datetime) -> Iterator[str]:
    for one, other in rows(
        """
        select one.id, other.id from public.metering_billedperiod one
        join public.metering_billedperiod other on other.contract_id = one.contract_id
            and other.id > one.id and other.start < one."end" and one.start < other."end"
        union all
        select id, id from public.metering_billedperiod where "end" <= start
        """
    ):
        yield f"periods {one} and {other} overlap"


@shared("a charge, tier, asset and service of a period has one line before corrections")
def billed_once(now: datetime) -> Iterator[str]:
    for period, charge, tier, asset, count in rows(
        """
        select billed_period_id, charge, tier, asset_id, count(*) from public.billing_invoiceline
        where generation = 0
        group by author_id, billed_period_id, charge, tier, asset_id, service_start
        having count(*) > 1
        """
    ):
        yield f"period {period}: {charge} tier {tier} asset {asset} is billed {count} times"


@shared("a period has lines on one first invoice at most, and then it is closed")
def lines_close_their_period(now: datetime) -> Iterator[str]:
    for period, state, count in rows(
        """
        select period.id, period.state, count(distinct line.invoice_id)
        from public.billing_invoiceline line
        join public.metering_billedperiod period on period.id = line.billed_period_id
        where line.generation = 0
        group by period.id, period.state
        having period.state <> 'billed' or count(distinct line.invoice_id) > 1
        """
    ):
        yield f"period {period} is {state} and stands on {count} invoices"


@shared("no billed period is forgotten: it has lines, or its run found nothing to charge")
def none_forgotten(now: datetime) -> Iterator[str]:
    for key, contract in rows(
        """
        select period.id, period.contract_id from public.metering_billedperiod period
        where period.state = 'billed'
          and not exists (select from public.billing_invoiceline line
                          where line.billed_period_id = period.id)
          and not exists (select from public.billing_runitem item
                          where item.contract_id = period.contract_id
                            and item.period_start = period.start and item.state = 'billed'
                            and item.invoice_id is null and item.net_minor = 0)
        """
    ):
        yield f"period {key} of contract {contract} is closed and has no line"
