"""The company's own plan: payments that are missing, what follows from it, limits and trials."""

from apps.events.models import OutboxEvent
from apps.notifications.domain.told import Told
from apps.notifications.queries.tellings.registry import Teller

STANDINGS = {
    "read_only": "plan_read_only", "suspended": "plan_suspended", "good": "plan_good",
}  # fmt: skip


def _reminded(event: OutboxEvent) -> list[Told]:
    return [Told("plan", "plan_reminded", params={"read_only_on": event.payload["read_only_on"]})]


def _standing(event: OutboxEvent) -> list[Told]:
    """That a payment is missing is said by the reminder."""
    message = STANDINGS.get(event.payload["after"])
    return [Told("plan", message)] if message else []


def _near(event: OutboxEvent) -> list[Told]:
    return [Told("plan", f"plan_near_{event.payload['what']}")]


def _trial(event: OutboxEvent) -> list[Told]:
    return [Told("plan", "plan_trial_ends", params={"ends_on": event.payload["ends_on"]})]


def _leaving(event: OutboxEvent) -> list[Told]:
    told = {name: event.payload[name] for name in ("by", "erased_on")}
    return [Told("plan", "leaving_asked", params=told)]


def _staying(event: OutboxEvent) -> list[Told]:
    return [Told("plan", "leaving_withdrawn")]


TELLERS: dict[str, Teller] = {
    "subscriptions.leaving_asked": _leaving,
    "subscriptions.leaving_withdrawn": _staying,
    "subscriptions.limit_near": _near,
    "subscriptions.payment_reminded": _reminded,
    "subscriptions.standing_changed": _standing,
    "subscriptions.trial_ends": _trial,
}
