"""What is charged by use, told to the provider: each amount once, however often it is sent."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum

from apps.payments.operations.provider import Unfitting, ask
from apps.subscriptions.domain.limits import Counted, charged
from apps.subscriptions.domain.registry import count_of
from apps.subscriptions.domain.standing import IN_FORCE, Basis
from apps.subscriptions.models import Subscription, UseReport
from apps.subscriptions.operations.agreeing import locked_subscription
from apps.subscriptions.operations.catalogue import METERS
from apps.tenancy.context import current_company


@transaction.atomic
def note_use(*, now: datetime) -> int:
    """Write what has come on top since the last report of the billed period. Returns how many rows.

    Assets count with their most at any nightly look; what goes again is not taken off.
    """
    found = locked_subscription()
    if found is None or found.basis != Basis.PROVIDER or found.status not in IN_FORCE:
        return 0
    start = found.period_start
    if start is None or not start <= now:
        return 0
    own, made = current_company(), 0
    for what, beyond in _beyond(found, start):
        rows = UseReport.objects.filter(author=own, what=what, period_start=start)
        more = beyond - (rows.aggregate(all=Sum("more"))["all"] or 0)
        if more > 0:
            UseReport.objects.create(
                author=own, parties=[own.pk], what=what, period_start=start, more=more, made_at=now
            )
            made += 1
    return made


def _beyond(found: Subscription, start: datetime) -> Iterator[tuple[Counted, int]]:
    for what in METERS:
        included = found.plan.included(what)
        if included is not None:
            yield what, charged(what, max(0, count_of(what, start) - included))


def send_use(*, now: datetime) -> int:
    """Send what is not sent, each row in a transaction of its own. Returns how many.

    The row's id is the event's identifier: one that was sent before a crash is refused there and counts as sent.
    """
    own, sent = current_company(), 0
    for key in UseReport.objects.filter(author=own, sent_at=None).values_list("pk", flat=True):
        sent += _send(key, now)
    return sent


@transaction.atomic
def _send(key: Any, now: datetime) -> bool:
    rows = UseReport.objects.select_for_update(of=("self",)).filter(pk=key, sent_at=None)
    row = rows.first()
    found = Subscription.objects.filter(author=current_company()).first()
    if row is None or found is None:
        return False
    params: Any = {
        "event_name": METERS[Counted(row.what)], "identifier": row.public_id,
        "payload": {"stripe_customer_id": found.customer_ref, "value": str(row.more)},
        "timestamp": int(row.made_at.timestamp()),
    }  # fmt: skip
    try:
        ask(lambda stripe: stripe.v1.billing.meter_events.create(params))
    except Unfitting as refusal:
        if "already exists" not in " ".join(refusal.messages):
            raise
    row.sent_at = now
    row.save(update_fields=["sent_at"])
    return True
