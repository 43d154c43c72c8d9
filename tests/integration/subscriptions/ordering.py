"""What a director and the provider's pages do, without a browser."""

import json
from typing import Any

from apps.payments.operations.inbox import apply_webhook, receive_webhook, route_webhooks
from apps.subscriptions.models import Plan, Subscription
from apps.subscriptions.operations import start_order
from apps.tenancy.context import as_platform, company_context, no_company
from portal.local.stripe import api, checkout, subscriptions
from tests.integration.payments.signing import SECRET, signature

GOOD_CARD, POOR, ASKS = "4242424242424242", "4000000000009995", "4000002500003155"


def without_plan(company: Any) -> None:
    """As it would be if it had only signed up: the cast has plans by agreement."""
    from django.db import connection

    from apps.tenancy.context import as_owner

    with no_company(), as_owner(), connection.cursor() as cursor:
        cursor.execute("delete from subscriptions_subscription where author_id = %s", [company.pk])


def order(fake: Any, company: Any, now: Any, plan: str = "business", card: str = GOOD_CARD) -> Any:
    """Order and pay on the provider's page; nothing is told to the portal yet."""
    with company_context(company):
        row = start_order(plan=Plan.objects.get(pk=plan), now=now, actor="Anna")
    checkout.pay(fake.store, row.checkout_ref, card, "", True)
    return row


def go_on(fake: Any, days: float) -> None:
    """The provider's clock, with everything that falls due meanwhile."""
    fake.store.ahead += days * 24 * 3600
    api.do_what_is_due(fake.store)


def messages(fake: Any) -> list[dict[str, Any]]:
    """All it has to tell, the oldest first."""
    return list(reversed([dict(event) for event in fake.store.all("event")]))


def tell(company: Any, events: list[dict[str, Any]], settings: Any, now: Any) -> None:
    """Deliver, route and apply these in this order."""
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    routed: list[Any] = []
    for event in events:
        shown = {name: value for name, value in event.items() if not name.startswith("_")}
        body, stamp = json.dumps(shown).encode(), int(now.timestamp())
        receive_webhook(body=body, signature=signature(body, stamp), now=now)
    with no_company(), as_platform():
        while route_webhooks(hand_over=lambda at, key: routed.append((at, key))):
            pass
    for at, key in routed:
        assert at == company.pk
        with company_context(company):
            apply_webhook(event_id=key, now=now)


def row_of(company: Any) -> Subscription:
    with company_context(company):
        found: Subscription = Subscription.objects.get(author=company)
    return found


def paused_trial(fake: Any) -> Any:
    """A trial begun at the provider that pauses at its end without a card; None where one is in force there."""
    rows = list(fake.store.all("subscription"))
    if not rows or any(one["status"] in subscriptions.LIVE for one in rows):
        return None
    price = rows[0]["items"]["data"][0]["price"]["id"]
    params = {
        "customer": rows[0]["customer"], "items": [{"price": price}], "trial_period_days": "14",
        "metadata": dict(rows[0]["metadata"]),
        "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
    }  # fmt: skip
    return subscriptions.create(fake.store, params)
