"""API keys of the current company. The secret is shown once; only its hash is stored."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.domain.tokens import hash_of, new_key
from apps.accounts.models import ApiKey
from apps.accounts.queries import forget_key, keys, valid_keys
from apps.events.operations import record
from apps.tenancy.context import current_company

OVERLAP = timedelta(days=7)
USE_NOTED_EVERY = timedelta(minutes=1)
VALID_AT_ONCE = 2
# A request that holds the row (a long report) must not make others of the same key wait.
_NOTE_USE = """
    update accounts_apikey set last_used_at = %s where id = (
        select id from accounts_apikey
        where id = %s and (last_used_at is null or last_used_at < %s) for update skip locked
    )
"""


def make_key(
    *,
    name: str,
    scope: str,
    now: datetime,
    expires_at: datetime | None = None,
    device_id: UUID | None = None,
    device_label: str = "",
    actor: Any = None,
) -> tuple[ApiKey, str]:
    """A new key and its secret, which cannot be read again.

    Raises ValidationError when two keys of this name (or device) are valid already, for an empty
    name, an unknown scope or an expiry that has passed.
    """
    _check(name, scope, expires_at, device_id, now)
    company, secret = current_company(), new_key()
    with transaction.atomic():
        key = ApiKey.objects.create(
            author=company,
            parties=[company.pk],
            name=name.strip(),
            hint=secret[-4:],
            secret_hash=hash_of(secret),
            device_id=device_id,
            device_label=device_label,
            scope=scope,
            made_at=now,
            expires_at=expires_at,
        )
        _record(key, "key.made", now, actor, name=key.name, scope=scope)
    return key, secret


def rotate_key(*, key: ApiKey, now: datetime, actor: Any = None) -> tuple[ApiKey, str]:
    """A successor of a valid key; the old one goes on for a week, so devices can change over."""
    with transaction.atomic():
        old = _locked(key)
        if not valid_keys(now).filter(pk=old.pk).exists():
            raise ValidationError(_("This key is no longer valid. Make a new one."))
        successor, secret = make_key(
            name=old.name,
            scope=old.scope,
            now=now,
            device_id=old.device_id,
            device_label=old.device_label,
            actor=actor,
        )
        old.expires_at = min(old.expires_at or now + OVERLAP, now + OVERLAP)
        old.save(update_fields=["expires_at"])
        _record(old, "key.rotated", now, actor, successor=successor.public_id)
    forget_key(old)
    return successor, secret


def revoke_key(*, key: ApiKey, now: datetime, actor: Any = None) -> None:
    """End a key at once. Revoking twice is the same as once."""
    with transaction.atomic():
        if keys().filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            _record(key, "key.revoked", now, actor, name=key.name)
    forget_key(key)


def note_use(*, key: ApiKey, now: datetime) -> None:
    """Remember when the key was last used, at most once a minute."""
    if key.last_used_at is not None and now - key.last_used_at < USE_NOTED_EVERY:
        return
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_USE, [now, key.pk, now - USE_NOTED_EVERY])
    key.last_used_at = now


def _check(
    name: str, scope: str, expires_at: datetime | None, device_id: UUID | None, now: datetime
) -> None:
    if not name.strip():
        raise ValidationError({"name": _("A key needs a name.")})
    if scope not in ApiKey.Scope.values:
        raise ValidationError({"scope": _("There is no such scope.")})
    if expires_at is not None and expires_at <= now:
        raise ValidationError({"expires_at": _("The expiry has passed already.")})
    same = {"device_id": device_id} if device_id else {"name": name.strip(), "device_id": None}
    if valid_keys(now).filter(**same).count() >= VALID_AT_ONCE:
        raise ValidationError(
            {"name": _("Two keys of this name are valid already. Revoke one of them first.")}
        )


def _locked(key: ApiKey) -> ApiKey:
    found = keys().select_for_update(of=("self",)).filter(pk=key.pk).first()
    if found is None:
        raise ValidationError(_("This key does not exist."))
    return found


def _record(key: ApiKey, action: str, now: datetime, actor: Any, **details: str) -> None:
    record(action=action, subject=key.public_id, details=details, now=now, actor=actor)
