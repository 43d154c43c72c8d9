"""Endpoints of outgoing webhooks: made, changed, paused, their secret replaced."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.domain.public import NAMES
from apps.events.domain.schedule import OVERLAP
from apps.events.domain.signing import new_secret
from apps.events.domain.targets import BadTarget
from apps.events.models import Webhook
from apps.events.operations.jobs import record
from apps.events.operations.posting import judged_target, resolved
from apps.events.queries import webhooks
from apps.tenancy.context import current_company
from apps.tenancy.sealing import Standing, opened, seal, seal_anew

PURPOSE = "peruse webhook secrets"
MOST = 20
SEALED = ("secret_sealed", "previous_sealed")
State, PausedBy = Webhook.State, Webhook.PausedBy


@transaction.atomic
def make_webhook(
    *, url: str, description: str, events: Sequence[str], now: datetime, actor: Any = None
) -> tuple[Webhook, str]:
    """A new endpoint and its secret, which is shown once. Raises ValidationError."""
    url = _judge(url, events)
    if webhooks().count() >= MOST:
        raise ValidationError(
            _("A company has %(most)s webhooks at most. Remove one first.") % {"most": MOST}
        )
    company, secret = current_company(), new_secret()
    webhook: Webhook = Webhook.objects.create(
        author=company, parties=[company.pk], url=url, description=description.strip(),
        events=sorted(set(events)), secret_sealed=seal(PURPOSE, secret.encode()),
        hint=_hint(secret), made_at=now, state_since=now,
    )  # fmt: skip
    _record(webhook, "webhook.made", now, actor)
    return webhook, secret


@transaction.atomic
def change_webhook(
    *, webhook: Webhook, url: str, description: str, events: Sequence[str], now: datetime,
    actor: Any = None,
) -> Webhook:  # fmt: skip
    """Another address, description or choice of events; what waits goes to the new address."""
    locked = _locked(webhook)
    locked.url = _judge(url, events)
    locked.description, locked.events = description.strip(), sorted(set(events))
    locked.save(update_fields=["url", "description", "events"])
    locked.pushes.update(host=locked.host)
    _record(locked, "webhook.changed", now, actor)
    return locked


@transaction.atomic
def replace_secret(*, webhook: Webhook, now: datetime, actor: Any = None) -> tuple[Webhook, str]:
    """A new secret, shown once; the old one signs beside it for a day."""
    locked, secret = _locked(webhook), new_secret()
    locked.previous_sealed, locked.previous_until = locked.secret_sealed, now + OVERLAP
    locked.secret_sealed, locked.hint = seal(PURPOSE, secret.encode()), _hint(secret)
    locked.save(update_fields=["previous_sealed", "previous_until", "secret_sealed", "hint"])
    _record(locked, "webhook.secret_replaced", now, actor)
    return locked, secret


@transaction.atomic
def reseal_webhooks() -> Counter[Standing]:
    """The company's secrets of webhooks under the installation's key in force."""
    found: Counter[Standing] = Counter()
    for row in Webhook.objects.written_by(current_company()).select_for_update():
        found += seal_anew(PURPOSE, vars(row), *SEALED)
        row.save(update_fields=SEALED)
    return found


@transaction.atomic
def pause_webhook(
    *, webhook: Webhook, now: datetime, by: str = PausedBy.PERSON, actor: Any = None
) -> None:
    """Nothing is sent to it and nothing new written for it until it goes on. Twice is once."""
    locked = _locked(webhook)
    if locked.state == State.ACTIVE:
        _move(locked, State.PAUSED, by, now)
        _record(locked, "webhook.paused", now, actor, by=by)


@transaction.atomic
def resume_webhook(*, webhook: Webhook, now: datetime, actor: Any = None) -> None:
    """It hears events again from now on; what it missed can be replayed. Twice is once."""
    locked = _locked(webhook)
    if locked.state == State.PAUSED:
        locked.failing_since = None
        _move(locked, State.ACTIVE, PausedBy.NOBODY, now)
        _record(locked, "webhook.resumed", now, actor)


@transaction.atomic
def remove_webhook(*, webhook: Webhook, now: datetime, actor: Any = None) -> None:
    """It hears nothing any more and its secrets are forgotten; its log stays for its time."""
    locked = _locked(webhook)
    locked.secret_sealed = locked.previous_sealed = ""
    locked.previous_until = None
    locked.pushes.all().delete()
    _move(locked, State.REMOVED, PausedBy.NOBODY, now)
    _record(locked, "webhook.removed", now, actor)


def secrets_of(webhook: Webhook, now: datetime) -> list[str]:
    """What signs now: the secret, and for a day after a change the one before."""
    sealed = [webhook.secret_sealed]
    if webhook.previous_until is not None and now < webhook.previous_until:
        sealed.append(webhook.previous_sealed)
    return [opened(PURPOSE, text).decode() for text in sealed]


def _judge(url: str, events: Sequence[str]) -> str:
    """The address as it is kept. Raises ValidationError on its fields."""
    if set(events) - set(NAMES):
        raise ValidationError({"events": _("There is no such event.")})
    url = url.strip()
    try:
        resolved(judged_target(url))
    except BadTarget as error:
        raise ValidationError({"url": REFUSALS.get(error.code, REFUSALS["host"])()}) from None
    return url


# Each says what is wrong and what to do next.
REFUSALS: dict[str, Any] = {
    "too_long": lambda: _("The address is longer than 500 characters."),
    "characters": lambda: _("The address holds spaces or letters that are not plain ASCII. Write an international name as xn--…"),
    "credentials": lambda: _("Leave name and password out of the address; messages are signed."),
    "fragment": lambda: _("Leave out what follows the # sign."),
    "scheme": lambda: _("Enter an address that begins with https://"),
    "port": lambda: _("This port is not allowed. Use 443 or 8443."),
    "literal": lambda: _("Enter the name of a host, not its IP address."),
    "host": lambda: _("This is no name of a host, such as hooks.example.com."),
    "inside": lambda: _("This name means something inside of a network only. Enter one of the public Internet."),
    "own": lambda: _("The portal does not send webhooks to itself."),
    "name": lambda: _("The name of this host is not known. Check its spelling."),
    "address": lambda: _("This name leads to an address that is private or reserved. Enter one of the public Internet."),
}  # fmt: skip


def _locked(webhook: Webhook) -> Webhook:
    found: Webhook | None = webhooks().select_for_update(of=("self",)).filter(pk=webhook.pk).first()
    if found is None:
        raise ValidationError(_("This webhook was removed."))
    return found


def _move(webhook: Webhook, state: str, by: str, now: datetime) -> None:
    webhook.state, webhook.paused_by, webhook.state_since = state, by, now
    webhook.save()


def _hint(secret: str) -> str:
    return secret.rstrip("=")[-4:]


def _record(webhook: Webhook, action: str, now: datetime, actor: Any, **details: str) -> None:
    """The host alone: the rest of an address may be the receiver's secret."""
    record(
        action=action, subject=webhook.public_id, now=now, actor=actor,
        details={"host": webhook.host, **details},
    )  # fmt: skip
