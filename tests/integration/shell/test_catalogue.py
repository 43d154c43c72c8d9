"""Every text of the product stands in the German catalogue, translated, with its placeholders."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

CATALOGUE = Path("locale/de/LC_MESSAGES/django.po")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip


def messages() -> list[Message]:
    with CATALOGUE.open("rb") as file:
        return [message for message in read_po(file, locale="de") if message.id]


def texts(value: str | tuple[str, ...] | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def sources() -> Iterator[tuple[Path, str]]:
    for folder in ("apps", "portal"):
        for file in sorted(Path(folder).rglob("*.py")):
            if "migrations" not in file.parts:
                yield file, file.read_text()
    for folder in ("templates", "apps"):
        for suffix in ("*.html", "*.txt"):
            for file in sorted(Path(folder).rglob(suffix)):
                if folder == "templates" or "templates" in file.parts:
                    # Python's tokenizer wants even indentation, which a template need not have.
                    lines = templatize(file.read_text(), origin=str(file)).splitlines()
                    yield file, "\n".join(line.strip() for line in lines)


def used(source: str) -> Iterator[str]:
    found = extract("python", io.BytesIO(source.encode()), KEYWORDS)  # type: ignore[arg-type]
    for _line, message, _comments, _context in found:
        yield texts(message)[0]


def test_every_text_of_the_sources_is_in_the_catalogue() -> None:
    known = {texts(message.id)[0] for message in messages()}
    missing = {
        f"{file}: {text!r}" for file, source in sources() for text in used(source)
        if text and text not in known
    }  # fmt: skip
    assert not missing, "\n".join(sorted(missing))


def test_every_text_is_translated_and_none_is_fuzzy() -> None:
    bare = [
        message.id for message in messages()
        if message.fuzzy or not all(texts(message.string or ""))
    ]  # fmt: skip
    assert not bare


def test_translations_keep_their_placeholders() -> None:
    for message in messages():
        wanted = sorted(PLACEHOLDER.findall(texts(message.id)[-1]))
        assert sorted(PLACEHOLDER.findall(texts(message.string)[-1])) == wanted, message.id


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Contract", "Vertrag"), ("Asset", "Anlage"), ("Channel", "Messkanal"),
        ("Invoice", "Rechnung"), ("parked", "zurückgestellt"), ("refused", "abgewiesen"),
        ("not believed", "angezweifelt"), ("Data grants", "Datenfreigaben"),
        ("Billing run %(label)s", "Abrechnungslauf %(label)s"), ("Evidence", "Nachweis"),
    ],
)  # fmt: skip
def test_words_of_the_glossary(english: str, german: str) -> None:
    # A word with a context means something else there.
    plain = [message for message in messages() if not message.context]
    assert {texts(message.id)[0]: message.string for message in plain}[english] == german
