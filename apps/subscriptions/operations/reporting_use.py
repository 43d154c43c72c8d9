"""What is charged by use, told to the provider: each amount once, however often it is sent."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum

from apps.payments.operations.provider import Unfitting, ask
from apps.subscriptions.domain.limits import STANDING, Counted, charged
from apps.subscriptions.domain.provider import subscription_of
from apps.subscriptions.domain.registry import count_of
from apps.subscriptions.domain.standing import IN_FORCE, Basis
from apps.subscriptions.models import Subscription, UseReport
from apps.subscriptions.operations.agreeing import locked_subscription
from apps.subscriptions.operations.catalogue import METERS
from apps.tenancy.context import current_company

SEND_USE = "subscriptions.send_use"
# Of a trial nothing is charged.
CHARGED = IN_FORCE - {"trialing"}
TOO_LATE = "The last invoice of the subscription is written."


@transaction.atomic
def note_use(*, now: datetime) -> int:
    """Write what has come on top since the last report of the billed period. Returns how many rows.

    Assets count with their most at any nightly look; what goes again is not taken off.
    """
    found = locked_subscription()
    return 0 if found is None else note_use_of(found, now)


def note_use_of(found: Subscription, now: datetime) -> int:
    """The same of a row that is locked. Of a period that is over: what happened in it after its last look."""
    start, end = found.period_start, found.period_end
    if found.basis != Basis.PROVIDER or found.status not in CHARGED:
        return 0
    if start is None or not start <= now:
        return 0
    own, made = current_company(), 0
    for what, beyond in _beyond(found, start, end if end and end <= now else None):
        rows = UseReport.objects.filter(author=own, what=what, period_start=start)
        more = beyond - (rows.aggregate(all=Sum("more"))["all"] or 0)
        if more > 0:
            UseReport.objects.create(
                author=own, parties=[own.pk], what=what, period_start=start, more=more, made_at=now
            )
            made += 1
    return made


def _beyond(
    found: Subscription, start: datetime, end: datetime | None
) -> Iterator[tuple[Counted, int]]:
    for what in METERS:
        included = found.plan.included(what)
        # How many stood at the end of a period, nobody knows later; and what has no fee has no meter.
        known = end is None or what not in STANDING
        if included is not None and known and found.plan.fee_for(what):
            yield what, charged(what, max(0, _used(what, start, end) - included))


def _used(what: Counted, start: datetime, end: datetime | None) -> int:
    """What came after the end belongs to the next period."""
    return count_of(what, start) - (count_of(what, end) if end else 0)


def send_use(*, now: datetime) -> int:
    """Send what is not sent, each row in a transaction of its own. Returns how many.

    The row's id is the event's identifier: one that was sent before a crash is refused there and counts as sent.
    What is refused for another reason is noted on the row, holds up no other, and is tried again next time.
    """
    keys = _unsent().values_list("pk", flat=True)
    return sum(_send(key, now) for key in list(keys))


def refused_use() -> int:
    """How many of the current company's reports the provider refuses."""
    return _unsent().exclude(refusal="").count()


def _unsent() -> QuerySet[UseReport]:
    rows: QuerySet[UseReport] = UseReport.objects.filter(author=current_company(), sent_at=None)
    return rows


@transaction.atomic
def _send(key: Any, now: datetime) -> bool:
    row = _unsent().select_for_update(of=("self",)).filter(pk=key).first()
    found = Subscription.objects.filter(author=current_company()).first()
    if row is None or found is None:
        return False
    row.refusal = _told(row, found, now)[:300]
    row.sent_at = None if row.refusal else now
    row.save(update_fields=["sent_at", "refusal"])
    return not row.refusal


def _told(row: UseReport, found: Subscription, now: datetime) -> str:
    """Why the provider does not take it; empty: it has it."""
    at = _billed_at(row, found, now)
    if at is None:
        return TOO_LATE
    params: Any = {
        "event_name": METERS[Counted(row.what)], "identifier": row.public_id,
        "payload": {"stripe_customer_id": found.customer_ref, "value": str(row.more)},
        "timestamp": int(at.timestamp()),
    }  # fmt: skip
    try:
        ask(lambda stripe: stripe.v1.billing.meter_events.create(params))
    except Unfitting as refusal:
        text = " ".join(refusal.messages)
        return "" if "already exists" in text else text
    return ""


def _billed_at(row: UseReport, found: Subscription, now: datetime) -> datetime | None:
    """Within its own period as long as that one's invoice is not written; else in the one that runs, if any does."""
    is_current = row.period_start == found.period_start
    end = found.period_end if is_current else found.period_start
    within = row.made_at if end is None else min(row.made_at, end - timedelta(seconds=1))
    in_force = found.status in IN_FORCE
    if (is_current and in_force) or _is_written_still(found):
        return within
    return now if in_force else None


def _is_written_still(found: Subscription) -> bool:
    """An invoice of a period is a draft for an hour after it; what is told until then stands on it
    (docs.stripe.com/billing/subscriptions/usage-based/configure-grace-period)."""
    params: Any = {"customer": found.customer_ref, "status": "draft", "limit": 100}
    drafts = ask(lambda stripe: stripe.v1.invoices.list(params)).data
    return any(subscription_of(one.to_dict()) == found.subscription_ref for one in drafts)
