"""Writes of payments."""

from apps.payments.operations.checkout import close_request, start_checkout
from apps.payments.operations.expecting import Expected, expect_payments
from apps.payments.operations.inbox import apply_webhook, receive_webhook, route_webhooks
from apps.payments.operations.received import (
    Incoming,
    Overdrawn,
    record_payment,
    record_refund,
)

__all__ = [
    "Expected",
    "Incoming",
    "Overdrawn",
    "apply_webhook",
    "close_request",
    "expect_payments",
    "receive_webhook",
    "record_payment",
    "record_refund",
    "route_webhooks",
    "start_checkout",
]
