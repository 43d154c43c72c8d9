"""Our rows become what the provider says: read there, under the row's lock, whatever message came.

Messages come twice, late and in any order; none of them is believed for more than that something changed.
Whoever holds the lock reads, so who writes last has read last.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.events.operations import enqueue, record
from apps.payments.domain.amounts import from_provider
from apps.payments.operations.provider import ask
from apps.subscriptions.domain.provider import State, instant, living, state_of, unpaid_since
from apps.subscriptions.domain.standing import IN_FORCE, NEVER_BEGAN, Basis
from apps.subscriptions.models import Plan, PlanInvoice, Subscription
from apps.subscriptions.operations.agreeing import locked_subscription
from apps.subscriptions.operations.reporting_use import SEND_USE, note_use_of
from apps.subscriptions.operations.reviewing import bring_up_to_date
from apps.subscriptions.operations.scheduling import carry_out
from apps.subscriptions.operations.sponsoring import end_sponsorship
from apps.subscriptions.queries import verdict_of
from apps.tenancy.context import current_company

PAGE = 100


@transaction.atomic
def follow_provider(*, now: datetime) -> str:
    """Read the current company's subscription and invoices there, and note them. Twice is once.

    Returns the provider's status; empty where nothing was ordered. Raises ValidationError where the provider does not answer.
    """
    found = locked_subscription()
    if found is None or not found.customer_ref:
        return ""
    there, invoices = _subscriptions(found.customer_ref), _invoices(found.customer_ref)
    state, found.living = state_of(there), living(there)
    if state is not None and carry_out(state, invoices):
        there = _subscriptions(found.customer_ref)
        state = state_of(there)
    _note_invoices(invoices)
    _note_the_rest(found, now)
    if state is not None:
        _note(found, state, unpaid_since(invoices, there, now), now)
    bring_up_to_date(found, now)
    return found.status


def _note_the_rest(found: Subscription, now: datetime) -> None:
    """Of a period that is over, before the row moves on: what was used and nobody has looked at yet.

    It is sent after the commit: the report's id is what keeps it from being sent twice.
    """
    if found.period_end is not None and found.period_end <= now and note_use_of(found, now):
        enqueue(kind=SEND_USE, payload={}, now=now, dedupe="use")


def _subscriptions(customer: str) -> list[dict[str, Any]]:
    params: Any = {"customer": customer, "status": "all", "limit": PAGE}
    found = ask(lambda stripe: stripe.v1.subscriptions.list(params))
    return [one.to_dict() for one in found.data]


def _invoices(customer: str) -> list[dict[str, Any]]:
    params: Any = {"customer": customer, "limit": PAGE}
    return ask(
        lambda stripe: [one.to_dict() for one in stripe.v1.invoices.list(params).auto_paging_iter()]
    )


def _note(found: Subscription, state: State, since: datetime | None, now: datetime) -> None:
    """The row's facts from there; they are saved with the standing that follows from them."""
    before = (found.basis, found.plan_id, found.status)
    plan = Plan.objects.filter(pk=state.plan).first() or found.plan
    found.subscription_ref, found.status, found.read_at = state.reference, state.status, now
    found.period_start, found.period_end = state.period_start, state.period_end
    found.cancel_at, found.unpaid_since = state.cancel_at, since
    found.next_plan = Plan.objects.filter(pk=state.next_plan).first() if state.next_plan else None
    if _takes_over(found, state):
        found.basis, found.plan, found.trial_until = Basis.PROVIDER, plan, state.trial_until
    if verdict_of(found, now).has_plan:
        end_sponsorship(now=now)
    if (found.basis, found.plan_id, found.status) != before:
        record(
            action="subscriptions.followed", subject=found.public_id, now=now,
            details={"plan": found.plan_id, "status": found.status},
        )  # fmt: skip


def _takes_over(found: Subscription, state: State) -> bool:
    """Whether what was ordered counts from now on: not before it began, nor after it was agreed otherwise."""
    if found.basis == Basis.PROVIDER or state.status in IN_FORCE:
        return True
    return found.basis != Basis.AGREEMENT and state.status not in NEVER_BEGAN


def _note_invoices(invoices: list[dict[str, Any]]) -> None:
    """Those that are new or have changed; nothing is written where nothing has."""
    own = current_company()
    known = {row.invoice_ref: row for row in PlanInvoice.objects.filter(author=own)}
    for one in invoices:
        if one["status"] == "draft":
            continue
        told, row = _told(one), known.get(one["id"])
        if row is None:
            PlanInvoice.objects.create(author=own, parties=[own.pk], invoice_ref=one["id"], **told)
        elif any(getattr(row, name) != value for name, value in told.items()):
            PlanInvoice.objects.filter(pk=row.pk).update(**told)


def _told(invoice: dict[str, Any]) -> dict[str, Any]:
    currency = str(invoice["currency"]).upper()
    changes = invoice.get("status_transitions") or {}
    net, total = (
        from_provider(int(invoice[name]), currency) for name in ("total_excluding_tax", "total")
    )
    return {
        "number": invoice.get("number") or "", "state": invoice["status"], "currency": currency,
        "net_minor": net, "tax_minor": total - net, "total_minor": total,
        "open_minor": from_provider(int(invoice["amount_remaining"]), currency),
        "lines": _lines(invoice, currency),
        "issued_at": instant(changes.get("finalized_at") or invoice["created"]),
        "paid_at": instant(changes.get("paid_at")),
    }  # fmt: skip


def _lines(invoice: dict[str, Any], currency: str) -> list[dict[str, Any]]:
    """What is printed, line by line; of a long invoice the provider's list has the first ones alone."""
    return [
        {"text": one["description"] or "", "net_minor": from_provider(int(one["amount"]), currency)}
        for one in (invoice.get("lines") or {}).get("data", [])
    ]
