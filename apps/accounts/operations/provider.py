"""Speaking with a company's identity provider: discovery, keys, the exchange of a code.

Every address is the company's choice and goes through the guard of webhooks.
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.accounts.domain.sign_on import BadToken, Expected, Shown, shown_by
from apps.accounts.models import SignOn
from apps.events.domain.targets import BadTarget
from apps.events.operations.posting import Unreachable, fetch, judged_target
from apps.tenancy.sealing import opened

SEALED_FOR = "accounts.sign-on"
_KEPT_SECONDS = 600.0
_KEPT_MOST = 500
_JSON = {"Accept": "application/json"}
# In this process: what a provider said of itself, until when it is believed.
_kept: dict[str, tuple[float, dict[str, Any]]] = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser takes to the provider, and what its answer is held against."""

    redirect_uri: str
    state: str
    nonce: str
    verifier: str


def authorization_url(*, sign_on: SignOn, asked: Asked, anew: bool) -> str:
    """Where the browser goes. `anew`: the provider shall ask who is there within five minutes.

    Raises ValidationError when the provider cannot be reached or is another than it should be.
    """
    challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest())
    query = {
        "response_type": "code",
        "client_id": sign_on.client_id,
        "redirect_uri": asked.redirect_uri,
        "scope": "openid email profile",
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": challenge.rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **({"max_age": "0", "prompt": "login"} if anew else {}),
    }
    address = _endpoint(_described(sign_on.issuer), "authorization_endpoint")
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def shown_by_code(*, sign_on: SignOn, code: str, asked: Asked) -> Shown:
    """Whom the provider shows for this code. Raises ValidationError, and BadToken for a false token."""
    about = _described(sign_on.issuer)
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": asked.redirect_uri,
        "code_verifier": asked.verifier,
    }
    answer = _json(_endpoint(about, "token_endpoint"), _with_secret(sign_on, about, body))
    expected = Expected(sign_on.issuer, sign_on.client_id, asked.nonce)
    token, address = str(answer.get("id_token", "")), _endpoint(about, "jwks_uri")
    try:
        return shown_by(token, _keys(address), expected)
    except BadToken as error:
        if error.code not in ("key", "signature"):
            raise
        _kept.pop(address, None)  # the provider may have changed its keys
        return shown_by(token, _keys(address), expected)


def check_provider(issuer: str) -> None:
    """Raises ValidationError when nothing under this issuer says to be it."""
    _kept.pop(_about(issuer), None)
    about = _described(issuer)
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        _endpoint(about, name)


def _with_secret(
    sign_on: SignOn, about: dict[str, Any], body: dict[str, str]
) -> tuple[dict[str, str], bytes]:
    """Headers and body of the exchange: the secret in the header, or in the body where only that is
    taken."""
    secret = opened(SEALED_FOR, sign_on.client_secret).decode()
    headers = {**_JSON, "Content-Type": "application/x-www-form-urlencoded"}
    ways = about.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if "client_secret_basic" in ways:
        pair = f"{quote(sign_on.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        body = {**body, "client_id": sign_on.client_id, "client_secret": secret}
    return headers, urlencode(body).encode()


def _about(issuer: str) -> str:
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def _described(issuer: str) -> dict[str, Any]:
    about = _remembered(_about(issuer), lambda: _json(_about(issuer)))
    if about.get("issuer") != issuer:
        raise ValidationError(_("The provider calls itself by another name than the issuer."))
    return about


def _keys(address: str) -> list[dict[str, Any]]:
    keys = _remembered(address, lambda: _json(address)).get("keys")
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def _remembered(address: str, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    found = _kept.get(address)
    if found and found[0] > time.monotonic():
        return found[1]
    said = ask()
    if len(_kept) >= _KEPT_MOST:
        _kept.clear()
    _kept[address] = (time.monotonic() + _KEPT_SECONDS, said)
    return said


def _endpoint(about: dict[str, Any], name: str) -> str:
    address = str(about.get(name) or "")
    try:
        judged_target(address)
    except BadTarget:
        text = _("The provider names no safe address for “%(name)s”.")
        raise ValidationError(text % {"name": name}) from None
    return address


def _json(url: str, sent: tuple[dict[str, str], bytes] | None = None) -> dict[str, Any]:
    headers, body = sent or (_JSON, None)
    try:
        answer = fetch(url=url, headers=headers, body=body)
    except Unreachable as error:
        raise ValidationError(
            _("The identity provider cannot be reached."), code=error.reason
        ) from None
    try:
        said = json.loads(answer.content)
    except ValueError:
        said = None
    if answer.status != 200 or not isinstance(said, dict):
        raise ValidationError(_("The identity provider gave no answer that can be read."))
    return said
