"""Codes of a second factor: each counts once."""

from collections import Counter
from datetime import datetime
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.db import transaction

from apps.accounts.models import FACTORS_SEALED_FOR
from apps.tenancy.sealing import Standing, seal_anew

LAST_STEP = "last_step"


def spend_code(*, person: Any, code: str, now: datetime) -> Authenticator | None:
    """The factor of the person that the code is of, and the code is spent; None for a wrong one.

    A code of an authenticator app stands for half a minute and counts a step before and after; of
    one app only later steps than the last that counted do. Several at once wait for one another.
    """
    with transaction.atomic():
        factors = {
            row.type: row
            for row in Authenticator.objects.select_for_update().filter(
                user_id=person.pk, type__in=(Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
            )
        }  # fmt: skip
        app = factors.get(Authenticator.Type.TOTP)
        if app is not None and _is_new_step(app, code, now):
            return app
        spare = factors.get(Authenticator.Type.RECOVERY_CODES)
        return spare if spare is not None and spare.wrap().validate_code(code) else None


def first_step(*, secret: str, code: str, now: datetime) -> int | None:
    """The half minute since 1970 that this code stands for at `now`, of an app with that secret."""
    step, leeway = int(now.timestamp()) // app_settings.TOTP_PERIOD, app_settings.TOTP_TOLERANCE
    for one in range(step - leeway, step + leeway + 1):
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, one))):
            return one
    return None


def _is_new_step(app: Authenticator, code: str, now: datetime) -> bool:
    step = first_step(secret=decrypt(app.data["secret"]), code=code, now=now)
    if step is None or step <= app.data.get(LAST_STEP, 0):
        return False
    app.data[LAST_STEP] = step
    app.save(update_fields=["data"])
    return True


def reseal_factors() -> Counter[Standing]:
    """All people's authenticator apps and recovery codes under the installation's key in force, each person
    for itself: a code that is spent meanwhile stays spent."""
    found: Counter[Standing] = Counter()
    types = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    for key in list(Authenticator.objects.filter(type__in=types).values_list("pk", flat=True)):
        with transaction.atomic():
            for row in Authenticator.objects.select_for_update().filter(pk=key):
                found += seal_anew(FACTORS_SEALED_FOR, row.data, "secret", "seed")
                row.save(update_fields=["data"])
    return found
