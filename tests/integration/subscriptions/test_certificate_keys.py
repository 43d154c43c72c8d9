"""A certificate is known as ours whatever became of the secret key; one that somebody made up is not."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from apps.subscriptions.domain.certificate import canonical
from apps.subscriptions.models import Certificate, Departure
from apps.subscriptions.operations.certifying import Verdict, as_file, certify, verdict_on
from apps.tenancy.context import as_platform, no_company
from tests.conftest import NOW

NEXT, LAST = (f"{word} secret of at least fifty characters, made up for a test" for word in "ab")


@pytest.fixture
def told(cast: dict[str, Any]) -> dict[str, Any]:
    """A certificate's file, issued under the secret of the tests."""
    row = Departure(
        author=cast["stranger"], asked_at=NOW, began_at=NOW, asked_by="Anna", language="en",
        email="anna@stranger.example", export={"sha256": "5e" * 32},
        report={"own": {}, "gone": {}, "kept": {}, "files": [], "people": []},
    )  # fmt: skip
    with no_company(), as_platform():
        found = as_file(certify(row=row, now=NOW))
    return dict(json.loads(json.dumps(found)))


def verdict(told: dict[str, Any]) -> Verdict:
    with no_company(), as_platform():
        return verdict_on(told)


def test_it_is_known_while_its_secret_is_named(told: dict[str, Any], settings: Any) -> None:
    former = settings.SECRET_KEY
    assert verdict(told) == Verdict.IN_FORCE
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEXT, [former]
    assert verdict(told) == Verdict.FORMER
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = LAST, [NEXT, former]
    assert verdict(told) == Verdict.FORMER
    # The controls: without the fallback it is known by the kept row alone, and without that by nothing.
    settings.SECRET_KEY_FALLBACKS = [NEXT]
    assert verdict(told) == Verdict.KEPT
    with no_company(), as_platform():
        Certificate.objects.update(signature="ab" * 64)
    assert verdict(told) == Verdict.UNKNOWN


def test_a_new_one_is_signed_by_the_key_in_force(
    told: dict[str, Any], cast: dict[str, Any], settings: Any
) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEXT, [settings.SECRET_KEY]
    row = Departure(
        author=cast["maker"], asked_at=NOW, began_at=NOW, asked_by="Max", language="en",
        email="max@maker.example", export={},
        report={"own": {}, "gone": {}, "kept": {}, "files": [], "people": []},
    )  # fmt: skip
    with no_company(), as_platform():
        made = as_file(certify(row=row, now=NOW))
    assert verdict(made) == Verdict.IN_FORCE
    assert made["public_key"] != told["public_key"]


def test_what_was_changed_or_made_up_is_not_ours(told: dict[str, Any], tmp_path: Path) -> None:
    changed = {**told, "asked_by": "Somebody else"}
    key = Ed25519PrivateKey.generate()
    body = {
        name: value
        for name, value in told.items()
        if name not in ("public_key", "signature", "algorithm")
    }
    forged = {
        **told, "public_key": key.public_key().public_bytes_raw().hex(),
        "signature": key.sign(canonical(body)).hex(),
    }  # fmt: skip
    assert verdict(changed) == Verdict.CHANGED
    assert verdict({**told, "signature": "no hex"}) == Verdict.CHANGED
    assert verdict({**told, "algorithm": "none"}) == Verdict.CHANGED
    assert verdict(forged) == Verdict.UNKNOWN
    file, out = tmp_path / "certificate.json", StringIO()
    file.write_text(json.dumps(told))
    call_command("verify_certificate", str(file), stdout=out)
    assert out.getvalue().strip() == Verdict.IN_FORCE.value
    for text, words in (
        (json.dumps(changed), "not whole"), (json.dumps(forged), "neither signed"),
        ("[]", "no certificate"), ("{", "cannot be read"),
    ):  # fmt: skip
        file.write_text(text)
        with pytest.raises(CommandError, match=words):
            call_command("verify_certificate", str(file))
