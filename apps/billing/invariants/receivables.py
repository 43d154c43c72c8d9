"""What is owed: every document has its receivable, and its steps sum to where it stands."""

from collections.abc import Iterator
from datetime import datetime

from apps.billing.invariants.registry import rows, shared


@shared("every issued invoice has a receivable of its total, issuer, customer and currency")
def receivables_opened(now: datetime) -> Iterator[str]:
    for (number,) in rows(
        """
        select invoice.number from public.billing_invoice invoice
        left join public.billing_receivable owed on owed.id = invoice.id
            and owed.author_id = invoice.author_id and owed.customer_id = invoice.customer_id
            and owed.currency = invoice.currency
            and owed.gross_minor = greatest(invoice.gross_minor, 0)
        where invoice.state = 'issued' and invoice.kind <> 'credit' and owed.id is null
        """
    ):
        yield f"invoice {number} has no receivable that fits it"


@shared("the steps of a receivable sum to what is not open any more, in its currency")
def allocations_sum(now: datetime) -> Iterator[str]:
    for key, gross, left, steps in rows(
        """
        select owed.id, owed.gross_minor, owed.open_minor, coalesce(sum(step.amount_minor), 0)
        from public.billing_receivable owed
        left join public.billing_allocation step on step.receivable_id = owed.id
        group by owed.id
        having owed.gross_minor - owed.open_minor <> coalesce(sum(step.amount_minor), 0)
            or owed.paid_minor <> coalesce(sum(step.amount_minor) filter (
                where step.source in ('payment', 'refund', 'reversal', 'credit')), 0)
            or owed.credited_minor <> coalesce(sum(step.amount_minor) filter (
                where step.source = 'credit_note'), 0)
        """
    ):
        yield f"receivable {key}: {left} open of {gross}, its steps sum to {steps}"
    for (key,) in rows(
        "select step.id from public.billing_allocation step "
        "join public.billing_receivable owed on owed.id = step.receivable_id "
        "where step.currency <> owed.currency or step.author_id <> owed.author_id"
    ):
        yield f"step {key} is of another currency or issuer than its receivable"


@shared("no step gives back more than it gave")
def returns_bounded(now: datetime) -> Iterator[str]:
    for key, amount, back in rows(
        """
        select step.id, step.amount_minor, sum(back.amount_minor)
        from public.billing_allocation step
        join public.billing_allocation back on back.takes_back_id = step.id
        group by step.id having step.amount_minor + sum(back.amount_minor) < 0
        """
    ):
        yield f"step {key} of {amount} gave back {back}"


@shared("a customer's credit is what its moves left of it")
def credits_add_up(now: datetime) -> Iterator[str]:
    for key, amount, left, moved in rows(
        """
        select credit.id, credit.amount_minor, credit.left_minor,
            coalesce(sum(move.amount_minor), 0)
        from public.billing_customercredit credit
        left join public.billing_creditmove move on move.credit_id = credit.id
        group by credit.id
        having credit.amount_minor - coalesce(sum(move.amount_minor), 0) <> credit.left_minor
        """
    ):
        yield f"credit {key}: {left} left of {amount}, moves sum to {moved}"


@shared("every issued credit note is placed to the cent: on what it corrects or as credit")
def credit_notes_placed(now: datetime) -> Iterator[str]:
    for number, gross, placed in rows(
        """
        select note.number, note.gross_minor,
            coalesce((select sum(amount_minor) from public.billing_allocation step
                      where step.source = 'credit_note' and step.source_id = note.id), 0)
            + coalesce((select sum(amount_minor) from public.billing_customercredit credit
                        where credit.source = 'credit_note' and credit.source_id = note.id), 0)
            as placed
        from public.billing_invoice note
        where note.state = 'issued' and note.kind = 'credit'
        """
    ):
        if gross != placed:
            yield f"credit note {number} of {gross}: {placed} placed"


@shared("what a reminder charges is owed once, by its customer; its numbers are gapless")
def charges_owed(now: datetime) -> Iterator[str]:
    for key, number in rows(
        """
        select reminder.id, reminder.number from public.billing_reminder reminder
        left join public.billing_receivable owed on owed.reminder_id = reminder.id
        left join public.billing_receivable late on late.id = reminder.receivable_id
        where reminder.number <> '' and (late.reminder_id is not null
            or coalesce(owed.gross_minor, 0) <> reminder.fee_minor + reminder.new_interest_minor
            or owed.author_id <> reminder.author_id or owed.customer_id <> reminder.customer_id
            or owed.currency <> reminder.currency or owed.invoice_id <> late.invoice_id)
        """
    ):
        yield f"reminder {number or key} is not owed as it charges"
    for author, series, given, following in rows(
        """
        select counter.author_id, counter.series, count(reminder.id), counter.next_number
        from public.billing_numberseries counter
        left join public.billing_reminder reminder on reminder.author_id = counter.author_id
            and starts_with(reminder.number, counter.series)
        where counter.series like 'MA-%' group by counter.id
        having count(reminder.id) <> counter.next_number - 1
        """
    ):
        yield f"series {series} of {author}: {given} reminders, counter at {following}"
