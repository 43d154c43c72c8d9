"""Another plan, an end, and going on, of what was ordered at the provider."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.operations import record
from apps.payments.operations.provider import ask
from apps.subscriptions.domain.limits import LIMITED, STANDING, Counted, Use
from apps.subscriptions.domain.registry import count_of
from apps.subscriptions.domain.standing import IN_FORCE, Basis
from apps.subscriptions.models import Plan, Subscription
from apps.subscriptions.operations.agreeing import locked_subscription
from apps.subscriptions.operations.following import follow_provider
from apps.subscriptions.operations.limits import in_words
from apps.subscriptions.operations.scheduling import change_at_once, change_later, take_back
from apps.subscriptions.queries import month_of


def _ordered() -> Subscription:
    """The own row under lock. Raises ValidationError where nothing ordered is in force."""
    found = locked_subscription()
    if found is None or found.basis != Basis.PROVIDER or found.status not in IN_FORCE:
        raise ValidationError(_("Your company has no ordered plan that could be changed."))
    return found


@transaction.atomic
def change_plan(*, plan: Plan, now: datetime, actor: Any) -> Subscription:
    """Another plan: a larger one from now on, charged for the rest of the period; a smaller one from its end on.

    Within a trial either is from now on. The plan in force, asked for again, takes a smaller one back. Twice is
    once. Raises ValidationError where the plan is not sold, what the company has does not fit it, or a payment
    is missing; and in the provider's words.
    """
    found = _ordered()
    goes_on = plan.pk == found.plan_id
    if plan.pk == found.next_plan_id or (goes_on and found.next_plan_id is None):
        return found
    if not plan.is_sold and not goes_on:
        raise ValidationError(_("This plan is not for sale."))
    if found.unpaid_since is not None:
        raise ValidationError(_("Pay what is open first."))
    waits = found.waits_for(plan)
    if not goes_on:
        _must_fit(plan, found, now, [what for what in LIMITED if what in STANDING or not waits])
    _change(found, plan, waits)
    record(
        action="subscriptions.changed", subject=found.public_id, now=now, actor=actor,
        details={"from": found.plan_id, "to": plan.pk, "at_period_end": waits},
    )  # fmt: skip
    follow_provider(now=now)
    found.refresh_from_db()
    return found


def _change(found: Subscription, plan: Plan, waits: bool) -> None:
    """What was to follow is taken back first, or a larger plan's charge would begin from the smaller fee."""
    if found.next_plan_id is not None:
        take_back(found)
    if waits:
        change_later(found, plan)
    elif plan.pk != found.plan_id:
        change_at_once(found, plan)


def _must_fit(plan: Plan, found: Subscription, now: datetime, things: Iterable[Counted]) -> None:
    since = month_of(found, now)
    for what in things:
        use = Use(what, count_of(what, since), None, plan.most(what))
        if use.most is not None and use.count > use.most:
            raise ValidationError(
                _("You have %(have)s; “%(plan)s” has room for %(most)s.")
                % {
                    "have": in_words(what, use.count), "plan": plan.title,
                    "most": in_words(what, use.most),
                }
            )  # fmt: skip


@transaction.atomic
def end_plan(*, ends: bool, now: datetime, actor: Any) -> Subscription:
    """End with the paid period, or (`ends` false) go on after all. Twice is once."""
    found = _ordered()
    params: Any = {"cancel_at_period_end": True} if ends else _goes_on(found.subscription_ref)
    ask(lambda stripe: stripe.v1.subscriptions.update(found.subscription_ref, params))
    record(
        action="subscriptions.ended" if ends else "subscriptions.kept", subject=found.public_id,
        now=now, actor=actor,
    )  # fmt: skip
    follow_provider(now=now)
    found.refresh_from_db()
    return found


def _goes_on(reference: str) -> dict[str, Any]:
    """What takes an end back there, by how it was set: by flag, or by its instant alone."""
    there = ask(lambda stripe: stripe.v1.subscriptions.retrieve(reference))
    if there.cancel_at is not None and not there.cancel_at_period_end:
        return {"cancel_at": ""}
    return {"cancel_at_period_end": False}
