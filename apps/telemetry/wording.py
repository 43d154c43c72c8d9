"""Reasons in words, the same on pages and in answers of the API."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.telemetry.domain.intake import REASONS, reason_text

MORE: dict[str, dict[str, str]] = {
    "conflict": {
        "en": "Another value ({stored}) is already stored under this identity; the first one stays.",
        "de": "Unter dieser Identität ist schon ein anderer Wert ({stored}) gespeichert; der erste bleibt.",
    },
    "bad_form": {
        "en": "The item has not the form of a reading: {detail}.",
        "de": "Der Eintrag hat nicht die Form eines Messwerts: {detail}.",
    },
    "raw_not_kept": {
        "en": "The item was too long to be kept; only its hash is. Send it again.",
        "de": "Der Eintrag war zu lang, nur sein Hash ist aufbewahrt. Bitte neu senden.",
    },
}


def in_words(reason: str, params: Mapping[str, Any] | None = None, language: str = "") -> str:
    """A reason code as a sentence in the reader's language."""
    language = language or get_language() or "en"
    shown = {key: str(value) for key, value in (params or {}).items() if key != "item"}
    if reason in REASONS:
        return reason_text(reason, shown, language)
    sentence = MORE.get(reason, {}).get("de" if language.startswith("de") else "en", reason)
    return sentence.format_map(_Shown(shown))


def known_reasons() -> list[str]:
    """All reason codes, for filters."""
    return [*REASONS, *MORE]


class _Shown(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def standing_words(standing: str) -> str:
    """How a request for data stands."""
    return {
        "open": _("waits for an answer"), "accepted": _("accepted"), "refused": _("refused"),
        "withdrawn": _("withdrawn"), "ended": _("taken back"),
    }[standing]  # fmt: skip
