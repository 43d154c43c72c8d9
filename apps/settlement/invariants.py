"""The ledger proof: balances from transfers, transfers from shares, shares from the documents."""

from collections.abc import Iterator
from datetime import datetime

from apps.billing.invariants.registry import of_company, rows, shared
from apps.settlement.operations.paying import payable_gaps
from apps.settlement.queries.proof import (
    settled_documents,
    settling,
    unsettled_documents,
    wrong_shares,
)


@shared("every balance is its credits less its debits")
def balances_moved(now: datetime) -> Iterator[str]:
    for key, balance, moved in rows(
        """
        select account.id, account.balance_minor, coalesce(sum(
            case when transfer.credit_id = account.id then amount_minor
                 when transfer.debit_id = account.id then -amount_minor end), 0)
        from public.settlement_account account
        left join public.settlement_transfer transfer
            on account.id in (transfer.credit_id, transfer.debit_id)
        group by account.id
        having account.balance_minor <> coalesce(sum(
            case when transfer.credit_id = account.id then amount_minor
                 when transfer.debit_id = account.id then -amount_minor end), 0)
        """
    ):
        yield f"account {key}: {balance}, its transfers sum to {moved}"


@shared("the accounts of a pair of companies sum to zero in each currency")
def pairs_balance(now: datetime) -> Iterator[str]:
    for author, partner, currency, total in rows(
        "select author_id, partner_id, currency, sum(balance_minor) "
        "from public.settlement_account group by 1, 2, 3 having sum(balance_minor) <> 0"
    ):
        yield f"companies {author} and {partner}: {total} {currency}"


@shared("a transfer stays within one pair of companies and one currency")
def transfers_stay(now: datetime) -> Iterator[str]:
    for (key,) in rows(
        """
        select transfer.id from public.settlement_transfer transfer
        join public.settlement_account debit on debit.id = transfer.debit_id
        join public.settlement_account credit on credit.id = transfer.credit_id
        where (debit.author_id, debit.partner_id, debit.currency)
                <> (credit.author_id, credit.partner_id, credit.currency)
            or transfer.author_id <> debit.author_id or transfer.currency <> debit.currency
        """
    ):
        yield f"transfer {key} leaves its pair or currency"


@shared("every share of another company is posted once, with its amount and sign")
def shares_posted(now: datetime) -> Iterator[str]:
    for key, amount, posted in rows(
        """
        select share.id, share.amount_minor, coalesce(sum(
            case when debit.purpose = 'cost' then transfer.amount_minor
                 else -transfer.amount_minor end), 0)
        from public.settlement_share share
        left join public.settlement_transfer transfer
            on transfer.cause = 'share' and transfer.cause_id = share.id
        left join public.settlement_account debit on debit.id = transfer.debit_id
        where share.partner_id <> share.author_id
        group by share.id
        having share.amount_minor <> coalesce(sum(
            case when debit.purpose = 'cost' then transfer.amount_minor
                 else -transfer.amount_minor end), 0) or count(transfer.id) <> 1
        """
    ):
        yield f"share {key} of {amount}: {posted} posted"


@shared("the shares of a settled period sum to the net of its issued documents")
def shares_sum(now: datetime) -> Iterator[str]:
    for key, net, shares, lines in rows(
        """
        select settled.id, settled.net_minor,
            (select coalesce(sum(amount_minor), 0) from public.settlement_share share
             where share.settled_id = settled.id) as shares,
            (select coalesce(sum(case when invoice.kind = 'credit' then -line.net_minor
                                      else line.net_minor end), 0)
             from public.billing_invoiceline line
             join public.billing_invoice invoice on invoice.id = line.invoice_id
             where line.billed_period_id = settled.billed_period_id
                and invoice.state = 'issued') as lines
        from public.settlement_settledperiod settled
        """
    ):
        if not net == shares == lines:
            yield f"settled period {key}: {net}; shares {shares}, documents {lines}"


@shared("what is being paid out and paid out is what payout requests say")
def payouts_match(now: datetime) -> Iterator[str]:
    for key, balance, asked in rows(
        """
        select account.id, account.balance_minor, coalesce(sum(request.amount_minor), 0)
        from public.settlement_account account
        left join public.settlement_payoutrequest request
            on request.author_id = account.author_id and request.partner_id = account.partner_id
            and request.currency = account.currency and request.state =
                case account.purpose when 'paid' then 'paid' else 'requested' end
        where account.purpose in ('in_payout', 'paid')
        group by account.id
        having account.balance_minor <> coalesce(sum(request.amount_minor), 0)
        """
    ):
        yield f"account {key}: {balance}, its payout requests say {asked}"


@shared("the tax of every partner's document is posted once, and is that of its lines")
def taxes_posted(now: datetime) -> Iterator[str]:
    """An advice has none; the tax of the partner's own invoice is posted when that is accepted."""
    for key, tax, invoiced, posted, lines in rows(
        """
        select statement.id, statement.tax_minor,
            (select coalesce(sum(invoice.tax_minor), 0)
             from public.settlement_statementinvoice invoice
             where invoice.statement_id = statement.id and invoice.tax_posted_at is not null),
            (select coalesce(sum(case when debit.purpose = 'tax' then transfer.amount_minor
                                      else -transfer.amount_minor end), 0)
             from public.settlement_transfer transfer
             join public.settlement_account debit on debit.id = transfer.debit_id
             where transfer.cause = 'tax' and transfer.cause_id = statement.id)
                * case statement.kind when 'credit' then -1 else 1 end as posted,
            (select coalesce(sum(line.tax_minor), 0) from public.settlement_statementline line
             where line.statement_id = statement.id) as lines
        from public.settlement_statement statement
        """
    ):
        if not (tax == lines and tax + invoiced == posted):
            yield f"statement {key}: tax {tax + invoiced}; posted {posted}, lines {lines}"


@shared("what is held of deposits is what was received less what was given back and drawn")
def deposits_match(now: datetime) -> Iterator[str]:
    for key, balance, noted in rows(
        """
        select account.id, account.balance_minor, coalesce(sum(
            case step.step when 'received' then step.amount_minor
                 when 'asked' then 0 else -step.amount_minor end), 0)
        from public.settlement_account account
        left join public.contracts_contract contract
            on contract.author_id = account.author_id and contract.customer_id = account.partner_id
            and contract.currency = account.currency
        left join public.settlement_depositstep step on step.contract_id = contract.id
        where account.purpose = 'deposit'
        group by account.id
        having account.balance_minor <> coalesce(sum(
            case step.step when 'received' then step.amount_minor
                 when 'asked' then 0 else -step.amount_minor end), 0)
        """
    ):
        yield f"account {key}: {balance}, its deposits' steps say {noted}"


@shared("the lines of a share on statements sum to it")
def parts_sum(now: datetime) -> Iterator[str]:
    for key, amount, lines in rows(
        """
        select share.id, share.amount_minor,
            sum(case statement.kind when 'credit' then -line.net_minor else line.net_minor end)
        from public.settlement_share share
        join public.settlement_statementline line on line.share_id = share.id
        join public.settlement_statement statement on statement.id = line.statement_id
        group by share.id
        having share.amount_minor <>
            sum(case statement.kind when 'credit' then -line.net_minor else line.net_minor end)
        """
    ):
        yield f"share {key} of {amount}: {lines} on statements"


@shared("a supply is invoiced by one side only")
def invoiced_once(now: datetime) -> Iterator[str]:
    for key, number in rows(
        """
        select statement.id, invoice.number from public.settlement_statementinvoice invoice
        join public.settlement_statement statement on statement.id = invoice.statement_id
        join public.billing_incomingdocument incoming on incoming.id = invoice.incoming_id
        where statement.kind <> 'advice' or incoming.sender_id <> statement.partner_id
        """
    ):
        yield f"statement {key} and the partner's invoice {number}"


@of_company("every share is what the waterfall gives of the documents")
def shares_recomputed(now: datetime) -> Iterator[str]:
    yield from wrong_shares()


@of_company("what is payable of every document is what its payments, taxes and disputes say")
def payable_recomputed(now: datetime) -> Iterator[str]:
    """None while jobs of settlement wait: they are about to make it so."""
    if settling():
        return
    for chunk in settled_documents():
        for (key, partner), minor in payable_gaps(chunk).items():
            yield f"document {key}, company {partner}: {minor} not made payable"


@of_company("every issued document under an agreed split is settled")
def documents_settled(now: datetime) -> Iterator[str]:
    yield from unsettled_documents()


@shared("self-billed documents are numbered without gaps, and sums are those of their lines")
def statements_add_up(now: datetime) -> Iterator[str]:
    for key, net, lines in rows(
        "select statement.id, statement.net_minor, coalesce(sum(line.net_minor), 0) "
        "from public.settlement_statement statement "
        "left join public.settlement_statementline line on line.statement_id = statement.id "
        "group by 1, 2 having statement.net_minor <> coalesce(sum(line.net_minor), 0)"
    ):
        yield f"statement {key}: {net}, its lines sum to {lines}"
    for author, series, taken, given in rows(
        "select counter.author_id, counter.series, counter.next_number - 1, count(statement.id) "
        "from public.billing_numberseries counter left join public.settlement_statement statement "
        "on statement.author_id = counter.author_id and statement.series = counter.series "
        "where counter.series like 'GS-%' group by 1, 2, 3 "
        "having counter.next_number - 1 <> count(distinct statement.number)"
    ):
        yield f"series {series} of company {author}: {taken} taken, {given} given"
