"""What an operator is told to choose for the provider's endpoint is what the portal acts on."""

import re
from pathlib import Path

import stripe

from apps.payments.domain.registry import kinds_heard
from portal.celery import app
from tests.databases import ROOT

DOCUMENT = Path(ROOT, "docs/how-to/stripe.md")


def kinds_told(text: str) -> list[str]:
    """Of the table of events; `.failed` goes on with what stands before it."""
    table = text.partition("| event | what follows |")[2].partition("\n\n")[0]
    found: list[str] = []
    for row in table.splitlines()[2:]:
        for word in re.findall(r"`([a-z_.]+)`", row.split("|")[1]):
            found.append(found[-1].rpartition(".")[0] + word if word.startswith(".") else word)
    return found


def test_the_document_names_every_kind_of_message() -> None:
    app.loader.import_default_modules()
    told = kinds_told(DOCUMENT.read_text())
    assert len(told) == len(set(told))
    assert set(told) == kinds_heard()


def test_the_document_names_the_version_of_the_library() -> None:
    assert f"`{stripe.api_version}`" in DOCUMENT.read_text()
