"""What a token of a company's identity provider must say. Values in, values out.

OpenID Connect Core 1.0, 3.1.3.7; the issuer is the one the company named, never the token's own.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# Only signatures that the provider alone can make; never `none`, never a shared secret.
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
LEEWAY_SECONDS = 60
_LONGEST_SUBJECT = 255


class BadToken(ValueError):
    """The token shows nobody; `code` says why in a word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Shown:
    """Whom a token shows: the subject at the issuer, a proven address or none, and since when."""

    issuer: str
    subject: str
    email: str
    authenticated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Expected:
    """What was asked for: at which issuer, by which client, with which nonce."""

    issuer: str
    client_id: str
    nonce: str


def shown_by(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> Shown:
    """Whom the signed token shows. Raises BadToken(`signature`, `key`, `claims`, `nonce`, …)."""
    claims = _verified(token, keys, expected)
    if not hmac.compare_digest(str(claims.get("nonce", "")), expected.nonce):
        raise BadToken("nonce")
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != expected.client_id:
        raise BadToken("audience")
    subject = claims["sub"]
    if not subject or len(subject) > _LONGEST_SUBJECT:
        raise BadToken("subject")
    return Shown(expected.issuer, subject, _email(claims), _since(claims))


def _verified(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> dict[str, Any]:
    import jwt  # needs `cryptography`

    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = jwt.PyJWK(dict(_key(keys, kid)))
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=list(ALGORITHMS), audience=expected.client_id,
            issuer=expected.issuer, leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )  # fmt: skip
    except jwt.InvalidIssuerError:
        raise BadToken("issuer") from None
    except jwt.InvalidAudienceError:
        raise BadToken("audience") from None
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
        raise BadToken("time") from None
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError, jwt.PyJWKError):
        raise BadToken("signature") from None
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise error if isinstance(error, BadToken) else BadToken("claims") from None
    return claims


def _key(keys: Sequence[Mapping[str, Any]], kid: Any) -> Mapping[str, Any]:
    """The key of that name; without names, the only one that signs."""
    signing = [key for key in keys if key.get("use", "sig") == "sig" and key.get("kty") != "oct"]
    named = [key for key in signing if key.get("kid") == kid] if kid else signing
    if len(named) != 1:
        raise BadToken("key")
    return named[0]


def _email(claims: Mapping[str, Any]) -> str:
    """The address, when the provider says that it proved it."""
    email = claims.get("email")
    proven = claims.get("email_verified") in (True, "true")
    return email.strip().lower() if isinstance(email, str) and proven else ""


def _since(claims: Mapping[str, Any]) -> datetime | None:
    at = claims.get("auth_time")
    return datetime.fromtimestamp(at, UTC) if isinstance(at, int | float) and at > 0 else None


def lies_in(email: str, domains: Sequence[str]) -> bool:
    """Whether the address is one of these domains; of a subdomain it is not."""
    return email.rpartition("@")[2].lower() in {domain.lower() for domain in domains}
