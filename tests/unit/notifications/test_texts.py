"""Every topic and message speaks both languages, leads somewhere, and rests on an event there is."""

import importlib
import pkgutil
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

import apps
from apps.accounts.domain.capabilities import CAPABILITIES, VIEW
from apps.notifications.domain.topics import TOPICS
from apps.notifications.queries.tellings import TELLERS
from apps.notifications.wording import (
    MESSAGES,
    SECTIONS,
    TOPIC_TITLES,
    path_of,
    section_titles,
    text_of,
    topic_title,
)

SAMPLE: dict[str, Any] = {
    "company": "Press & Co", "title": "Pressing", "number": "RE-1", "amount": [123456, "EUR"],
    "due_on": "2026-11-16", "pay_by_on": "2026-12-01", "last_on": "2026-12-31", "read_only_on": "2026-12-24",
    "since_on": "2026-11-17", "ends_on": "2026-12-30", "asset": "Press 1",
    "actor": "Ada", "by": "Ada", "erased_on": "2026-12-30", "label": "2026-10", "role": "customer",
}  # fmt: skip
ID = "ctr_01kfz3x5h0e3v8a5r6m7n8p9q0"


def both(message: str, count: int) -> tuple[str, str]:
    texts = []
    for language in ("en", "de"):
        with translation.override(language):
            texts.append(text_of(message, {**SAMPLE, "count": count}))
    return texts[0], texts[1]


@pytest.mark.parametrize("message", list(MESSAGES))
def test_a_message_is_a_sentence_in_both_languages(message: str) -> None:
    counts = (1, 3) if MESSAGES[message].many else (1,)
    for count in counts:
        english, german = both(message, count)
        assert english != german
        for text in (english, german):
            assert "%" not in text
            assert text[-1] in ".”“"
    if MESSAGES[message].many:
        assert both(message, 1) != both(message, 3)


@pytest.mark.parametrize("message", list(MESSAGES))
def test_a_message_leads_to_its_thing_or_to_the_list(message: str) -> None:
    words = MESSAGES[message]
    assert path_of(message, "") == reverse(words.list)
    if words.page:
        assert path_of(message, ID) == reverse(words.page, args=[ID])


def test_amounts_days_and_roles_are_written_as_the_reader_does() -> None:
    english, german = both("invoices_issued", 1)
    assert english == "Press & Co has issued invoice RE-1 of 1,234.56\u00a0EUR, due on 16 Nov 2026."
    assert german.startswith("Press & Co hat die Rechnung RE-1 über 1.234,56\u00a0EUR ausgestellt")
    assert german.endswith("fällig am 16.11.2026.")
    assert both("network_invited", 1)[1].endswith("Ihre Rolle: Kunde.")


@pytest.mark.parametrize("code", list(TOPICS))
def test_a_topic_has_a_title_in_both_languages_and_a_capability_of_somebody(code: str) -> None:
    titles = set()
    for language in ("en", "de"):
        with translation.override(language):
            titles.add(topic_title(code))
    assert len(titles) == 2
    assert TOPICS[code].section in SECTIONS
    assert any(TOPICS[code].capability in may for may in CAPABILITIES.values())


def test_nothing_is_told_to_who_may_only_look() -> None:
    assert {topic.code for topic in TOPICS.values() if topic.capability in VIEW} == set()


def test_titles_and_sections_hold_exactly_the_topics() -> None:
    assert set(TOPIC_TITLES) == set(TOPICS)
    assert sorted(code for _title, codes in section_titles() for code in codes) == sorted(TOPICS)


def published() -> set[str]:
    """Names of the events that apps declare, and the two that are written out where they happen."""
    names = {"billing.issued", "telemetry.rolled_up"}
    for module in pkgutil.iter_modules(apps.__path__):
        try:
            events = importlib.import_module(f"apps.{module.name}.events")
        except ModuleNotFoundError:
            continue
        names |= {
            getattr(kind, "name", "") for kind in vars(events).values() if hasattr(kind, "payload")
        }
    return names


def test_tellers_wait_for_events_that_exist() -> None:
    assert set(TELLERS) - published() == set()
