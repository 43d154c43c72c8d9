"""After an exchange of the secret key everything is sealed anew, and the former key may go."""

from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command

from apps.accounts.models import SignOn
from apps.accounts.operations.provider import SEALED_FOR
from apps.billing.operations.keys import ensure_signing_key, newest_key, sign
from apps.events.models import Webhook
from apps.events.operations import webhooks
from apps.tenancy.context import company_context
from apps.tenancy.sealing import opened, seal
from tests.conftest import NOW, make_person

NEXT = "the next secret of at least fifty characters, made up for a test"
SECRET = b"whsec made up"


@pytest.fixture
def kept(cast: dict[str, Any], settings: Any) -> dict[str, Any]:
    """A webhook, a provider, two factors and a signing key, all sealed with the key of the tests."""
    provider = cast["provider"]
    person = make_person(provider)
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(person).generate_codes()
    shared = {"author": provider, "parties": [provider.pk]}
    with company_context(provider):
        Webhook.objects.create(
            **shared, url="https://a.example/", hint="made", made_at=NOW, state_since=NOW,
            secret_sealed=seal(webhooks.PURPOSE, SECRET),
        )  # fmt: skip
        SignOn.objects.create(
            **shared, issuer="https://b.example", client_id="c", domains=["b.example"],
            client_secret=seal(SEALED_FOR, SECRET),
        )  # fmt: skip
        key = ensure_signing_key(now=NOW)
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEXT, [former]
    return {"company": provider, "person": person, "codes": codes, "key": key}


def told() -> list[str]:
    out = StringIO()
    call_command("reseal_secrets", stdout=out)
    return out.getvalue().splitlines()


def all_opened(kept: dict[str, Any]) -> bool:
    """Each is what it was; the signing key another, whose signatures verify as the old one's do."""
    with company_context(kept["company"]):
        assert opened(webhooks.PURPOSE, Webhook.objects.get().secret_sealed) == SECRET
        assert opened(SEALED_FOR, SignOn.objects.get().client_secret) == SECRET
        key = newest_key()
        assert key is not None
        assert len(sign(key, b"x")) == 64
    codes = Authenticator.objects.get(type="recovery_codes", user=kept["person"])
    assert codes.wrap().generate_codes() == kept["codes"]
    return key != kept["key"]


def test_everything_is_sealed_under_the_key_in_force_once(
    kept: dict[str, Any], settings: Any
) -> None:
    before, after = told(), told()
    counted = {line.split(":")[0]: line.split(": ")[1] for line in before}
    assert counted["webhooks"] == counted["identity providers"] == counted["signing keys"]
    assert counted["signing keys"] == "1 sealed anew, 0 already, 0 that no key opens"
    assert counted["second factors"] == "2 sealed anew, 0 already, 0 that no key opens"
    assert all(": 0 sealed anew" in line for line in after)
    settings.SECRET_KEY_FALLBACKS = []
    assert all_opened(kept)


def test_without_it_what_a_dropped_key_sealed_is_named_and_left(
    kept: dict[str, Any], settings: Any
) -> None:
    settings.SECRET_KEY_FALLBACKS = []
    with company_context(kept["company"]):
        sealed = Webhook.objects.get().secret_sealed
    with pytest.raises(CommandError, match="named no more"):
        told()
    with company_context(kept["company"]):
        assert Webhook.objects.get().secret_sealed == sealed
        # Invoices are signed all the same, with a new key.
        assert len(sign(ensure_signing_key(now=NOW), b"x")) == 64
        assert newest_key() != kept["key"]
