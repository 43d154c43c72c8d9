"""Signatures: the right one is believed, everything else is refused before it is read."""

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.payments.domain.amounts import NotPayable, from_provider, to_provider
from apps.payments.domain.webhooks import Forged, NotAMessage, check_signature, read_message
from tests.integration.payments.signing import SECRET, message, signature

NOW = 1_800_000_000
BODY = message("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent"})


def test_the_right_signature_is_believed_here_and_by_the_provider_s_own_library() -> None:
    header = signature(BODY, NOW)
    check_signature(BODY, header, [SECRET], NOW)
    stripe.WebhookSignature.verify_header(BODY.decode(), header, SECRET, None)


def test_either_of_two_secrets_is_enough_while_one_is_being_replaced() -> None:
    check_signature(BODY, signature(BODY, NOW, "old"), ["new", "old"], NOW)
    both = signature(BODY, NOW, "new") + "," + signature(BODY, NOW, "old").split(",")[1]
    check_signature(BODY, both, ["old"], NOW)


@pytest.mark.parametrize(
    "header",
    ["", "t=", "v1=", f"t={NOW}", "t=x,v1=00", f"t={NOW},v1=", f"t={NOW},t={NOW},v1=00",
     f"t={NOW},v0=00", "\x00", "t=" + "9" * 40 + ",v1=00", f"t={NOW},v1=ü"],
)  # fmt: skip
def test_malformed_signatures_are_forged(header: str) -> None:
    with pytest.raises(Forged):
        check_signature(BODY, header, [SECRET], NOW)


@pytest.mark.parametrize("age", [-301, 301, 10**6])
def test_what_is_too_old_or_from_the_future_is_refused(age: int) -> None:
    with pytest.raises(Forged, match="too old"):
        check_signature(BODY, signature(BODY, NOW - age), [SECRET], NOW)
    check_signature(BODY, signature(BODY, NOW - 300), [SECRET], NOW)


def test_no_secret_believes_nobody() -> None:
    for secrets in ([], [""]):
        with pytest.raises(Forged):
            check_signature(BODY, signature(BODY, NOW, ""), secrets, NOW)


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=60), st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_one_changed_byte_is_seen(extra: bytes, place: int, change: int) -> None:
    header = signature(BODY, NOW)
    changed = BODY[:place] + bytes([BODY[place] ^ change]) + BODY[place + 1 :]
    for body in (changed, BODY + extra if extra else BODY[:-1]):
        with pytest.raises(Forged):
            check_signature(body, header, [SECRET], NOW)


@pytest.mark.parametrize(
    "body", [None, [], {}, {"id": "evt", "type": "x"}, {"id": 1, "type": "x", "created": 1,
    "data": {"object": {}}}, {"id": "e", "type": "x", "created": True, "data": {"object": {}}},
    {"id": "e", "type": "x", "created": 1, "data": {"object": []}}],
)  # fmt: skip
def test_other_json_is_no_message(body: object) -> None:
    with pytest.raises(NotAMessage):
        read_message(body)


@pytest.mark.parametrize(
    ("minor", "currency", "number"),
    [(1099, "EUR", 1099), (500, "JPY", 500), (5, "ISK", 500), (1230, "TND", 1230)],
)
def test_amounts_as_the_provider_counts_them(minor: int, currency: str, number: int) -> None:
    assert to_provider(minor, currency) == number
    assert from_provider(number, currency) == minor


def test_what_would_be_rounded_is_refused() -> None:
    with pytest.raises(NotPayable):
        to_provider(1231, "TND")
    with pytest.raises(NotPayable):
        from_provider(501, "ISK")
