"""A company asks that its data be erased on a day, and may take that back until then."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.events.operations import publish, record
from apps.payments.models import DebitRun, Payment, Payout, RefundRequest
from apps.subscriptions.domain.registry import Hold, holds_leaving
from apps.subscriptions.domain.standing import IN_FORCE, Basis
from apps.subscriptions.events import LeavingAsked, LeavingWithdrawn
from apps.subscriptions.models import Departure, PlanInvoice
from apps.subscriptions.operations.leaving import start_leaving_export
from apps.subscriptions.queries import leaving_holds, own_departure, own_subscription
from apps.tenancy.context import current_company


@transaction.atomic
def ask_to_leave(*, now: datetime, actor: Any) -> Departure:
    """Have everything erased after the stated days, with an export written first. Twice is once.

    `actor` is a person with name, e-mail and language: the certificate is mailed there. Raises ValidationError
    with all that is unfinished.
    """
    found = own_departure()
    if found is not None:
        return found
    if holds := leaving_holds(now):
        raise ValidationError([hold.text for hold in holds])
    own = current_company()
    due = now + timedelta(days=settings.PERUSE_LEAVING_DAYS)
    made: Departure = Departure.objects.create(
        author=own, parties=[own.pk], asked_at=now, asked_by_id=actor.pk, asked_by=actor.name,
        email=actor.email, language=actor.language, due_at=due,
    )  # fmt: skip
    start_leaving_export(now=now, actor=actor)
    event = LeavingAsked(made.asked_by, due.date().isoformat())
    publish(name=event.name, payload=event.payload, now=now)
    record(action=event.name, subject=made.public_id, now=now, actor=actor)
    return made


@transaction.atomic
def stay_after_all(*, now: datetime, actor: Any) -> bool:
    """Take the wish back. Whether there was one that had not begun."""
    rows = Departure.objects.filter(author=current_company(), state=Departure.State.ASKED)
    found = rows.select_for_update(of=("self",)).first()
    if found is None:
        return False
    found.state, found.withdrawn_at = Departure.State.WITHDRAWN, now
    found.save(update_fields=["state", "withdrawn_at"])
    publish(name=LeavingWithdrawn.name, payload={}, now=now)
    record(action=LeavingWithdrawn.name, subject=found.public_id, now=now, actor=actor)
    return True


@holds_leaving
def plan_holds(now: datetime) -> Iterator[Hold]:
    """An ordered plan that goes on, and invoices of the platform that are open."""
    found = own_subscription()
    if found is not None and found.basis == Basis.PROVIDER and found.status in IN_FORCE:
        if found.cancel_at is None:
            yield Hold(_("Your plan goes on: end it first."), "plan")
        elif found.cancel_at > now + timedelta(days=settings.PERUSE_LEAVING_DAYS):
            yield Hold(_("Your plan is paid for longer than that."), "plan")
    states = [PlanInvoice.State.OPEN, PlanInvoice.State.UNCOLLECTIBLE]
    count = PlanInvoice.objects.filter(state__in=states, open_minor__gt=0).count()
    if count:
        text = ngettext(
            "%(n)d invoice of the platform is not paid.",
            "%(n)d invoices of the platform are not paid.", count,
        )  # fmt: skip
        yield Hold(text % {"n": count}, "plan")


@holds_leaving
def money_holds(now: datetime) -> Iterator[Hold]:
    """Money that is under way, in either direction."""
    under_way = Payout.objects.filter(
        state__in=[Payout.State.DRAFTED, Payout.State.APPROVED, Payout.State.SENT]
    ).count()
    if under_way:
        text = ngettext("%(n)d payout is under way.", "%(n)d payouts are under way.", under_way)
        yield Hold(text % {"n": under_way}, "payout_list")
    coming = Payment.objects.filter(state=Payment.State.PENDING).count()
    coming += DebitRun.objects.filter(state=DebitRun.State.DRAFTED).count()
    if coming:
        text = ngettext("%(n)d payment is under way.", "%(n)d payments are under way.", coming)
        yield Hold(text % {"n": coming}, "payment_list")
    back = RefundRequest.objects.filter(
        state__in=[RefundRequest.State.ASKED, RefundRequest.State.APPROVED]
    ).count()
    if back:
        text = ngettext("%(n)d refund is under way.", "%(n)d refunds are under way.", back)
        yield Hold(text % {"n": back}, "payment_list")
