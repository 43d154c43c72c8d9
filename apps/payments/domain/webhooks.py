"""What a signed message of Stripe says, as values; nothing is believed before its signature."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

# Seconds a signature may be old (docs.stripe.com/webhooks/signature: five minutes by default).
TOLERANCE = 300
MOST_BYTES = 512 * 1024
# The messages this portal acts on; others are answered and not kept.
KINDS = frozenset(
    {
        "account.updated", "charge.dispute.closed", "checkout.session.completed",
        "checkout.session.expired", "mandate.updated", "payment_intent.payment_failed", "payment_intent.processing",
        "payment_intent.succeeded", "refund.created", "refund.failed", "refund.updated",
        "setup_intent.succeeded", "transfer.created", "transfer.reversed",
    }
)  # fmt: skip


# What the provider says of a refund that counts, and of one the payer got nothing of.
MADE, NEVER_MADE = ("succeeded", "pending"), ("failed", "canceled")


class Forged(ValueError):
    """The signature is missing, malformed, of another key, or too old."""


def check_signature(body: bytes, header: str, secrets: Sequence[str], now: int) -> None:
    """Raises Forged unless one `v1` of the header is the HMAC-SHA256 of `t.body` by one secret.

    `now` in Unix seconds. Stripe's scheme: docs.stripe.com/webhooks/signature.
    """
    stamp, given = _parts(header)
    if abs(now - stamp) > TOLERANCE:
        raise Forged("the signature is too old")
    signed = str(stamp).encode() + b"." + body
    right = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in secrets if secret]
    if not any(hmac.compare_digest(one, other) for one in right for other in given):
        raise Forged("the signature is not ours")


def _parts(header: str) -> tuple[int, list[str]]:
    pairs = [part.partition("=") for part in header[:4096].split(",")]
    stamps = [value for name, _, value in pairs if name.strip() == "t"]
    given = [value for name, _, value in pairs if name.strip() == "v1" and value.isascii()]
    if len(stamps) != 1 or not stamps[0].isascii() or not stamps[0].isdigit() or not given:
        raise Forged("the signature is malformed")
    if len(stamps[0]) > 12 or len(given) > 16:
        raise Forged("the signature is malformed")
    return int(stamps[0]), given


@dataclass(frozen=True, slots=True)
class Message:
    """A believed message: its identity, kind, time (Unix seconds) and the object it is about."""

    event_id: str
    kind: str
    made_at: int
    account: str
    thing: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        found = self.thing.get("metadata")
        return found if isinstance(found, Mapping) and found else self._of_parent

    @property
    def _of_parent(self) -> Mapping[str, Any]:
        """Of an invoice what we wrote on the subscription it is for."""
        parent = self.thing.get("parent")
        details = parent.get("subscription_details") if isinstance(parent, Mapping) else None
        found = details.get("metadata") if isinstance(details, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    @property
    def company_id(self) -> int | None:
        """The company named in what we wrote on the object; None where it names none."""
        text = str(self.metadata.get("company", ""))
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    @property
    def subject(self) -> str:
        """The payment intent it is about, else nothing."""
        if self.thing.get("object") == "payment_intent":
            return str(self.thing.get("id", ""))
        found = self.thing.get("payment_intent")
        return str(found.get("id", "")) if isinstance(found, Mapping) else str(found or "")


class NotAMessage(ValueError):
    """The body is no event of Stripe."""


def read_message(body: Any) -> Message:
    """The decoded body as a Message. Raises NotAMessage."""
    try:
        thing = body["data"]["object"]
        event_id, kind, made_at = body["id"], body["type"], body["created"]
    except (KeyError, TypeError):
        raise NotAMessage("no event") from None
    texts = isinstance(event_id, str) and isinstance(kind, str) and isinstance(thing, dict)
    if not texts or type(made_at) is not int or not 0 < len(event_id) <= 120 or len(kind) > 80:
        raise NotAMessage("no event")
    if "\0" in event_id or not 0 <= made_at < 1 << 36:
        raise NotAMessage("no event")
    return Message(event_id, kind, made_at, str(body.get("account") or ""), thing)
