"""What the provider says of a company's subscriptions and invoices, as values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.subscriptions.domain.standing import IN_FORCE, KNOWN, NEVER_BEGAN

Thing = Mapping[str, Any]
# Of an invoice that is still to be paid, or was given up.
OWED = frozenset({"open", "uncollectible"})


@dataclass(frozen=True, slots=True)
class State:
    """The one subscription that counts, as it stands there."""

    reference: str
    status: str
    plan: str
    period_start: datetime | None
    period_end: datetime | None
    cancel_at: datetime | None
    trial_until: datetime | None
    # A smaller plan that follows at the end of the paid period.
    next_plan: str = ""
    next_from: datetime | None = None


def instant(stamp: Any) -> datetime | None:
    """Unix seconds as an instant; None for none."""
    return None if stamp is None else datetime.fromtimestamp(int(stamp), UTC)


def state_of(subscriptions: Iterable[Thing]) -> State | None:
    """Of all a customer has there: the newest that is in force, else the newest; whatever their order."""
    known = [one for one in subscriptions if one.get("status") in KNOWN]
    if not known:
        return None
    return _state(
        max(known, key=lambda one: (one["status"] in IN_FORCE, one["created"], one["id"]))
    )


def living(subscriptions: Iterable[Thing]) -> int:
    """How many go on and are paid for: more than one is paid twice."""
    return sum(one.get("status") in IN_FORCE for one in subscriptions)


def _state(thing: Thing) -> State:
    items = thing["items"]["data"]
    start = min((item["current_period_start"] for item in items), default=None)
    end = min((item["current_period_end"] for item in items), default=None)
    told = thing.get("metadata") or {}
    return State(
        reference=str(thing["id"]), status=str(thing["status"]), plan=str(told.get("plan", "")),
        period_start=instant(start), period_end=instant(end),
        cancel_at=_ends_at(thing, instant(end)),
        trial_until=instant(thing.get("trial_end")),
        next_plan=str(told.get("next_plan", "")), next_from=instant(told.get("next_from") or None),
    )  # fmt: skip


def _ends_at(thing: Thing, period_end: datetime | None) -> datetime | None:
    """Its page for customers sets the instant alone in flexible billing mode, with the flag in the classic one
    (docs.stripe.com/billing/subscriptions/billing-mode/compare)."""
    if thing.get("cancel_at") is not None:
        return instant(thing["cancel_at"])
    return period_end if thing.get("cancel_at_period_end") else None


def unpaid_since(
    invoices: Iterable[Thing], subscriptions: Iterable[Thing], now: datetime
) -> datetime | None:
    """When the oldest payment that is still missing failed, or fell due; None: nothing is missing.

    Invoices of a subscription that never began are owed by nobody.
    """
    never = {one["id"] for one in subscriptions if one.get("status") in NEVER_BEGAN}
    owed = [one for one in invoices if subscription_of(one) not in never]
    missing = [found for one in owed if (found := _missing_since(one)) is not None]
    past = [since for since in missing if since <= now]
    return min(past, default=None)


def subscription_of(invoice: Thing) -> str:
    """The subscription it is for; empty for one that was written by hand."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return str(details.get("subscription") or "")


def _missing_since(invoice: Thing) -> datetime | None:
    if invoice.get("status") not in OWED or not invoice.get("amount_remaining"):
        return None
    if invoice.get("collection_method") == "send_invoice":
        return instant(invoice.get("due_date"))
    if not invoice.get("attempted"):
        return None
    return instant((invoice.get("status_transitions") or {}).get("finalized_at"))
