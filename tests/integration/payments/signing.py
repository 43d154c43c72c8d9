"""Messages of the payment provider, signed as it signs them."""

import hmac
import json
from hashlib import sha256
from typing import Any

SECRET = "whsec_tests"


def message(kind: str, thing: dict[str, Any], event_id: str = "evt_1", at: int = 0) -> bytes:
    body = {
        "id": event_id, "object": "event", "type": kind, "created": at, "livemode": False,
        "data": {"object": thing},
    }  # fmt: skip
    return json.dumps(body).encode()


def signature(body: bytes, stamp: int, secret: str = SECRET) -> str:
    signed = str(stamp).encode() + b"." + body
    return f"t={stamp},v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}"


def intent(number: int, company: int, amount: int = 1000, **more: Any) -> dict[str, Any]:
    """A payment intent as this portal has it made."""
    return {
        "id": f"pi_{number}", "object": "payment_intent", "amount": amount,
        "amount_received": amount, "currency": "eur", "payment_method_types": ["card"],
        "metadata": {"company": str(company), "reference": f"doc_{number}", "title": "Document",
                     "payer": "", "payer_name": "Customer"},
        **more,
    }  # fmt: skip


def refund(number: int, amount: int, refund_id: str = "", **more: Any) -> dict[str, Any]:
    """A refund made by hand at the provider: it bears no mark of ours."""
    return {
        "id": refund_id or f"re_{number}", "object": "refund", "amount": amount, "currency": "eur",
        "payment_intent": f"pi_{number}", "status": "succeeded", "metadata": {}, **more,
    }  # fmt: skip
