"""Second factors for people of tests: an authenticator app that shows its codes."""

import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

PERIOD = 30


def code_of(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD + steps))


def with_app(user: Any) -> str:
    """Give the person an authenticator app; its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def with_codes(user: Any) -> list[str]:
    """Give the person recovery codes."""
    return RecoveryCodes.activate(user).generate_codes()


def factors_of(user: Any) -> set[str]:
    return set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
