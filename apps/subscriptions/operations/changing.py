"""Another plan, an end, and going on, of what was ordered at the provider."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.operations import record
from apps.payments.operations.provider import ask
from apps.subscriptions.domain.limits import Counted, Use
from apps.subscriptions.domain.registry import count_of
from apps.subscriptions.domain.standing import IN_FORCE, Basis
from apps.subscriptions.models import Plan, Subscription
from apps.subscriptions.operations.agreeing import locked_subscription
from apps.subscriptions.operations.catalogue import FEE, prices_of
from apps.subscriptions.operations.following import follow_provider
from apps.subscriptions.operations.limits import in_words
from apps.subscriptions.queries import month_of


def _ordered() -> Subscription:
    """The own row under lock. Raises ValidationError where nothing ordered is in force."""
    found = locked_subscription()
    if found is None or found.basis != Basis.PROVIDER or found.status not in IN_FORCE:
        raise ValidationError(_("Your company has no ordered plan that could be changed."))
    return found


@transaction.atomic
def change_plan(*, plan: Plan, now: datetime, actor: Any) -> Subscription:
    """Another plan from now on. A larger one is charged at once for the rest of the period; of a smaller
    one the difference is taken off the next invoice.

    Raises ValidationError where the plan is not sold, what the company has does not fit it, or a payment
    is missing; and in the provider's words.
    """
    found = _ordered()
    if not plan.is_sold:
        raise ValidationError(_("This plan is not for sale."))
    if found.plan_id == plan.pk:
        return found
    if found.unpaid_since is not None:
        raise ValidationError(_("Pay what is open first."))
    _must_fit(plan, found, now)
    _exchange(found, plan)
    record(
        action="subscriptions.changed", subject=found.public_id, now=now, actor=actor,
        details={"from": found.plan_id, "to": plan.pk},
    )  # fmt: skip
    follow_provider(now=now)
    found.refresh_from_db()
    return found


def _must_fit(plan: Plan, found: Subscription, now: datetime) -> None:
    since = month_of(found, now)
    for what in (Counted.ASSETS, Counted.NETWORKS, Counted.DEVICES):
        use = Use(what, count_of(what, since), None, plan.most(what))
        if use.most is not None and use.count > use.most:
            raise ValidationError(
                _("You have %(have)s; “%(plan)s” has room for %(most)s.")
                % {
                    "have": in_words(what, use.count), "plan": plan.title,
                    "most": in_words(what, use.most),
                }
            )  # fmt: skip


def _exchange(found: Subscription, plan: Plan) -> None:
    """Each part's price by that of the new plan; parts that one of them lacks come or go."""
    prices = prices_of(plan)
    stands = ask(lambda stripe: stripe.v1.subscriptions.retrieve(found.subscription_ref)).to_dict()
    items: list[dict[str, Any]] = []
    for item in stands["items"]["data"]:
        part = (item["price"].get("metadata") or {}).get("part", "")
        price = prices.pop(part, None)
        items.append({"id": item["id"], **({"price": price} if price else {"deleted": True})})
    items += [
        {"price": price, **({"quantity": 1} if name == FEE else {})}
        for name, price in prices.items()
    ]
    larger = plan.fee_minor > found.plan.fee_minor
    params: Any = {
        "items": items, "metadata": {"company": str(found.author_id), "plan": plan.pk},
        "proration_behavior": "always_invoice" if larger else "create_prorations",
    }  # fmt: skip
    ask(lambda stripe: stripe.v1.subscriptions.update(found.subscription_ref, params))


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
