"""Mountings of a scenario."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.assets.domain.mounting import MountFacts
from apps.assets.models import Mounting
from apps.assets.operations import dismount_component, mount_component
from apps.assets.queries import hosts_for_own, own_components
from apps.blueprints.domain.scenario import MountingPart
from apps.common.period import parse_instant
from apps.common.quantity import BadValue

ACTOR = "scenario"


def load_mounting(*, part: MountingPart, now: datetime) -> bool:
    """Record a mounting and its end, in the component's company. False when both stand already.

    Known by component, host, position and instant. Raises ValidationError of the operations.
    """
    facts = MountFacts(
        _key(own_components(), part.component), _key(hosts_for_own(), part.host), part.position,
        instant_of(part.mounted_at), part.mounted_value,
    )  # fmt: skip
    mounting: Any = Mounting.objects.filter(
        withdrawn_at=None, component=facts.component, host=facts.host, position=facts.position,
        mounted_at=facts.at,
    ).first()  # fmt: skip
    made = mounting is None
    if mounting is None:
        mounting = mount_component(facts=facts, now=now, actor=ACTOR)
    if part.dismounted_at is not None and mounting.dismounted_at is None:
        dismount_component(
            mounting=mounting, at=instant_of(part.dismounted_at), value=part.dismounted_value,
            now=now, actor=ACTOR,
        )  # fmt: skip
        made = True
    return made


def _key(assets: Any, serial: str) -> UUID:
    found = list(assets.filter(serial=serial).values_list("pk", flat=True)[:2])
    if len(found) != 1:
        raise ValidationError(
            _("There is no asset with the serial number “%(serial)s”."), params={"serial": serial}
        )
    key: UUID = found[0]
    return key


def instant_of(text: str) -> datetime:
    """An instant with its offset. Raises ValidationError."""
    try:
        return parse_instant(text)
    except BadValue:
        raise ValidationError(
            _("“%(value)s” is no time such as 2026-03-01T08:30:00+01:00"),
            params={"value": text[:40]},
        ) from None
