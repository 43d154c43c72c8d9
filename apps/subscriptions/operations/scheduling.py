"""What an order consists of at the provider, changed at once or from the end of the paid period on.

A smaller plan waits: the fee of the larger one is paid until then, and covers what is used. The fee's price changes
at once without proration, so that the next invoice has it; what is charged by use, and the plan by whose
allowance, change when that period is over and its invoice is written.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.payments.operations.provider import ask
from apps.subscriptions.domain.provider import State, Thing, subscription_of
from apps.subscriptions.models import Plan, Subscription
from apps.subscriptions.operations.catalogue import FEE, prices_of

# What is kept there of a plan that follows; an empty word removes it.
NOTHING_FOLLOWS = {"next_plan": "", "next_from": ""}


def change_at_once(found: Subscription, plan: Plan) -> None:
    """Each part's price by that of the new plan; of a larger one the rest of the period is charged at once."""
    larger = plan.fee_minor > found.plan.fee_minor
    _exchange(
        found.subscription_ref, prices_of(plan), {"plan": plan.pk, **NOTHING_FOLLOWS},
        "always_invoice" if larger else "create_prorations",
    )  # fmt: skip


def change_later(found: Subscription, plan: Plan) -> None:
    """From the end of the paid period on."""
    ends = min(one["current_period_end"] for one in _items(found.subscription_ref))
    _change_fee(found.subscription_ref, plan, {"next_plan": plan.pk, "next_from": str(ends)})


def take_back(found: Subscription) -> None:
    """The plan in force goes on after all."""
    _change_fee(found.subscription_ref, found.plan, NOTHING_FOLLOWS)


def carry_out(state: State, invoices: Iterable[Thing]) -> bool:
    """The plan that was to follow, once its time has come and the old period's invoice is written. Whether it did."""
    if (
        state.next_from is None
        or state.period_start is None
        or state.period_start < state.next_from
    ):
        return False
    plan = Plan.objects.filter(pk=state.next_plan).first()
    if plan is None or any(_is_written_still(one, state.reference) for one in invoices):
        return False
    told = {"plan": plan.pk, **NOTHING_FOLLOWS}
    _exchange(state.reference, prices_of(plan), told, "none")
    return True


def _is_written_still(invoice: Thing, reference: str) -> bool:
    return invoice.get("status") == "draft" and subscription_of(invoice) == reference


def _change_fee(reference: str, plan: Plan, told: Mapping[str, str]) -> None:
    price = prices_of(plan).get(FEE)
    item = next((one for one in _items(reference) if _part(one) == FEE), None)
    if item is not None:
        items: list[dict[str, Any]] = [_changed(item, price)]
    else:
        items = [_added(FEE, price)] if price else []
    _update(reference, items, told, "none")


def _exchange(
    reference: str, prices: Mapping[str, str], told: Mapping[str, str], proration: str
) -> None:
    """Parts that the order or the plan lacks come or go."""
    there = _items(reference)
    items = [_changed(one, prices.get(_part(one))) for one in there]
    known = {_part(one) for one in there}
    items += [_added(name, price) for name, price in prices.items() if name not in known]
    _update(reference, items, told, proration)


def _items(reference: str) -> list[dict[str, Any]]:
    stands = ask(lambda stripe: stripe.v1.subscriptions.retrieve(reference)).to_dict()
    return list(stands["items"]["data"])


def _part(item: Thing) -> str:
    return str((item["price"].get("metadata") or {}).get("part", ""))


def _changed(item: Thing, price: str | None) -> dict[str, Any]:
    return {"id": item["id"], **({"price": price} if price else {"deleted": True})}


def _added(name: str, price: str) -> dict[str, Any]:
    return {"price": price, **({"quantity": 1} if name == FEE else {})}


def _update(
    reference: str, items: list[dict[str, Any]], told: Mapping[str, str], proration: str
) -> None:
    params: Any = {"items": items, "metadata": dict(told), "proration_behavior": proration}
    ask(lambda stripe: stripe.v1.subscriptions.update(reference, params))
