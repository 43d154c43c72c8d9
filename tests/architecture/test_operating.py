"""What is written for operators is so: settings are read, commands exist, and what is read is written of."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands

from apps.tenancy.checks import installation_is_told
from portal.local.__main__ import COMMANDS
from tests import databases

ROOT = databases.ROOT
# Of one machine, of the demo and of tests.
LOCAL = {
    "PERUSE_DEMO", "PERUSE_MAIL_FOLDER", "PERUSE_SETUP_LOCKED", "PERUSE_WEBHOOKS_TO_LOOPBACK",
    "STRIPE_API_BASE", "STRIPE_WEBHOOK_URL",
}  # fmt: skip
NAME = r"\b(?:PERUSE|DATABASE|CELERY|STRIPE|PROMETHEUS)_[A-Z_]*[A-Z]\b"


def text_of(*patterns: str) -> str:
    files = [file for pattern in patterns for file in sorted(ROOT.glob(pattern)) if file.is_file()]
    assert files
    return "\n".join(file.read_text() for file in files)


WRITTEN = text_of("docs/how-to/run-*.md", "docs/how-to/stripe.md", "docs/operations/*")
PROGRAM = text_of("portal/**/*.py", "apps/**/*.py", "bin/*")


def read_in(program: str) -> set[str]:
    """Variables that it asks the environment for."""
    return set(re.findall(rf'(?:environ(?:\.get)?[\[(]\s*"|\$\{{)({NAME})', program))


def unread(written: str) -> set[str]:
    # Celery and the settings of Django have such names too.
    return {name for name in re.findall(NAME, written) if name not in PROGRAM}


def unwritten(program: str) -> set[str]:
    return read_in(program) - LOCAL - set(re.findall(NAME, WRITTEN))


def missing_commands(written: str) -> set[str]:
    managed = set(re.findall(r"(?:manage\.py|bin/start manage|\"manage\",) \"?([a-z_]+)", written))
    ours = set(re.findall(r"-m portal\.local ([a-z_]+)", written))
    started = set(re.findall(r"bin/start ([a-z]+)", written))
    known = re.findall(r"^    ([a-z]+)\)", (ROOT / "bin/start").read_text(), re.MULTILINE)
    return managed - set(get_commands()) | ours - {*COMMANDS, "with"} | started - set(known)


def missing_links(page: Path) -> set[str]:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    return {link for link in links if not (page.parent / link).exists()}


def test_settings_and_commands_that_are_written_of_exist() -> None:
    assert unread(WRITTEN) == set()
    assert missing_commands(WRITTEN) == set()
    # The control.
    assert unread("Set `PERUSE_FAST=1`.") == {"PERUSE_FAST"}
    wrong = "manage.py mend_all; python -m portal.local statics; bin/start webs"
    assert missing_commands(wrong) == {"mend_all", "statics", "webs"}


def test_settings_that_are_read_are_written_of() -> None:
    assert len(read_in(PROGRAM)) > 40
    assert unwritten(PROGRAM) == set()
    assert unwritten('os.environ.get("PERUSE_FAST")') == {"PERUSE_FAST"}


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("docs/operations/*.md")), ids=lambda page: page.name
)
def test_links_lead_somewhere(page: Path) -> None:
    assert missing_links(page) == set()


def test_the_deployment_check_names_what_was_not_told(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """`bin/check` runs it with the documented settings, which it finds whole."""
    ways = {
        "PERUSE_DOMAIN": ("peruse.localhost", "peruse.example"),
        "EMAIL_BACKEND": ("django.core.mail.backends.console.EmailBackend",
                          "django.core.mail.backends.smtp.EmailBackend"),
        "MEDIA_ROOT": (settings.STATE_DIR / "files", "/files"),
        "PERUSE_AUDIT_HEADS": (settings.STATE_DIR / "a.json", "/heads/a.json"),
    }  # fmt: skip
    for told, count in ((0, len(ways) + 1), (1, 0)):
        for name, values in ways.items():
            setattr(settings, name, values[told])
        monkeypatch.setenv("CELERY_BROKER_URL", "redis://broker:6379/0" * told)
        said = {one.msg for one in installation_is_told(None) if "DATABASE" not in one.msg}
        assert len(said) == count
