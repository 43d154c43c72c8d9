"""What a declined payment says: the provider's code in words of the reader, nothing of its own words."""

import pytest
from django.utils import translation

from apps.payments.models.failures import DECLINES, NO_REASON, decline_of, told

GENERAL = str(NO_REASON)


@pytest.mark.parametrize(
    ("code", "english", "german"),
    [
        ("insufficient_funds", "does not cover", "deckt den Betrag nicht"),
        ("expired_card", "has expired", "abgelaufen"),
        ("authentication_required", "confirm the payment", "bestätigen"),
        ("debit_not_authorized", "may not be debited", "nicht belastet werden"),
        ("brand_new_code", "told no reason", "keinen Grund genannt"),
        ("", "told no reason", "keinen Grund genannt"),
    ],
)
def test_a_code_in_words_of_both_languages(code: str, english: str, german: str) -> None:
    stored = decline_of({"decline_code": code, "code": "", "message": "Your card was declined."})
    assert "Your card" not in stored
    with translation.override("en"):
        assert english in told(stored)
    with translation.override("de"):
        assert german in told(stored)


def test_every_sentence_has_a_german_one() -> None:
    for code in [*DECLINES, "unknown"]:
        with translation.override("en"):
            english = told(f"declined:{code}")
        with translation.override("de"):
            assert told(f"declined:{code}") != english


@pytest.mark.parametrize(
    "code",
    ["lost_card", "stolen_card", "pickup_card", "fraudulent", "generic_decline", "do_not_honor"],
)
def test_a_suspicion_is_told_nobody(code: str) -> None:
    assert told(decline_of({"decline_code": code})) == GENERAL


def test_the_outer_code_counts_where_there_is_no_other() -> None:
    assert told(decline_of({"code": "expired_card"})) == told("declined:expired_card") != GENERAL


def test_what_the_bank_wrote_stays() -> None:
    assert told("AC04 closed account") == "AC04 closed account"
    assert told("") == ""
