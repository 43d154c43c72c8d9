"""Writes of subscriptions."""

from apps.subscriptions.operations.agreeing import (
    agree_plan,
    end_agreement,
    give_agreement,
    start_trial,
)
from apps.subscriptions.operations.changing import change_plan, end_plan
from apps.subscriptions.operations.departing import ask_to_leave, stay_after_all
from apps.subscriptions.operations.following import follow_provider
from apps.subscriptions.operations.limits import require_room
from apps.subscriptions.operations.ordering import (
    customer_page,
    invoice_page,
    next_invoice,
    order_page,
    start_order,
)
from apps.subscriptions.operations.reporting_use import note_use, send_use
from apps.subscriptions.operations.reviewing import review_standing
from apps.subscriptions.operations.sponsoring import end_sponsorship, note_sponsor
from apps.subscriptions.operations.telling import tell_facts
from apps.subscriptions.operations.warning import warn_ahead

__all__ = [
    "agree_plan",
    "ask_to_leave",
    "change_plan",
    "customer_page",
    "end_agreement",
    "end_plan",
    "end_sponsorship",
    "follow_provider",
    "give_agreement",
    "invoice_page",
    "next_invoice",
    "note_sponsor",
    "note_use",
    "order_page",
    "require_room",
    "review_standing",
    "send_use",
    "start_order",
    "start_trial",
    "stay_after_all",
    "tell_facts",
    "warn_ahead",
]
