"""Mounting and dismounting: recorded by the company that registered the component."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.assets.domain.mounting import HostCounter, Layout, MountFacts, coupling_rule
from apps.assets.domain.positions import COUPLING, PositionRule
from apps.assets.events import Dismounted, Mounted, MountingEvent, MountingWithdrawn
from apps.assets.models import Asset, Mounting
from apps.assets.operations.common import lock_couplings
from apps.assets.queries.mountings import at_position, carriers_of, mounted_at
from apps.common.quantity import canonical
from apps.events.operations import publish, record
from apps.tenancy.context import current_company


@transaction.atomic
def mount_component(*, facts: MountFacts, now: datetime, actor: Any = None) -> Mounting:
    """Mount an own component, or couple an own host to another (position `coupling`).

    Raises ValidationError by field: component, host, position, at, value.
    """
    component, host = _component(facts), _host(facts)
    rule = _rule(facts, component, host)
    counter = _counter(facts, host)
    _must_have_been(facts.at, now)
    _must_be_free(facts)
    if component.asset_type.positions:
        lock_couplings()
        _must_not_close_a_circle(component, host, facts.at)
    mounting = _row(facts, component, host, rule, counter)
    mounting.mounted_by, mounting.mount_recorded_at = _name(actor), now
    _save(mounting)
    _told(Mounted((mounting.pk,)), mounting, "mounted", now, actor)
    return mounting


@transaction.atomic
def dismount_component(
    *, mounting: Mounting, at: datetime, now: datetime, value: Decimal | None = None,
    actor: Any = None,
) -> Mounting:  # fmt: skip
    """End a mounting. The same end again changes nothing. Raises ValidationError: at, value."""
    mounting = _locked(mounting)
    if (mounting.dismounted_at, mounting.dismounted_value) == (at, value):
        return mounting
    if mounting.dismounted_at is not None:
        raise ValidationError({"at": _("It is dismounted already.")})
    if at <= mounting.mounted_at:
        raise ValidationError({"at": _("The end lies after the mounting.")})
    _must_have_been(at, now)
    _must_have_counter(value, mounting.channel_code)
    mounting.dismounted_at, mounting.dismounted_value = at, value
    mounting.dismounted_by, mounting.dismount_recorded_at = _name(actor), now
    mounting.save()
    _told(Dismounted((mounting.pk,)), mounting, "dismounted", now, actor)
    return mounting


@transaction.atomic
def exchange_component(
    *, facts: MountFacts, now: datetime, from_value: Decimal | None = None, actor: Any = None
) -> Mounting:
    """Mount a component at a position: what sits there is dismounted at the same instant.

    A component that is mounted elsewhere leaves its place then too; `from_value`: what the counter
    of that other host showed. Raises ValidationError as the single steps do.
    """
    sitting = at_position(facts.host, facts.position, facts.at)
    if sitting is not None and sitting.component_id == facts.component:
        raise ValidationError({"component": _("It is mounted at this position already.")})
    if sitting is not None:
        dismount_component(
            mounting=sitting, at=facts.at, value=facts.value, now=now, actor=actor
        )  # fmt: skip
    elsewhere = mounted_at(facts.component, facts.at)
    if elsewhere is not None:
        same_host = elsewhere.host_id == facts.host and from_value is None
        dismount_component(
            mounting=elsewhere, at=facts.at, value=facts.value if same_host else from_value,
            now=now, actor=actor,
        )  # fmt: skip
    return mount_component(facts=facts, now=now, actor=actor)


@transaction.atomic
def withdraw_mounting(
    *, mounting: Mounting, reason: str, now: datetime, actor: Any = None
) -> Mounting:
    """Say that a mounting was recorded by mistake. It is kept and marked. Idempotent."""
    mounting = _locked(mounting, withdrawn=True)
    if mounting.withdrawn_at is not None:
        return mounting
    if not reason.strip():
        raise ValidationError({"reason": _("Say why, for those who look later.")})
    mounting.withdrawn_at, mounting.withdrawn_by = now, _name(actor)
    mounting.withdrawn_reason = reason.strip()[:200]
    mounting.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    _told(MountingWithdrawn((mounting.pk,)), mounting, "mounting_withdrawn", now, actor)
    return mounting


@transaction.atomic
def correct_mounting(
    *, mounting: Mounting, facts: MountFacts, reason: str, now: datetime,
    dismounted_at: datetime | None = None, dismounted_value: Decimal | None = None,
    actor: Any = None,
) -> Mounting:  # fmt: skip
    """Withdraw a mounting and record it as it was: all or nothing. Raises ValidationError."""
    withdraw_mounting(mounting=mounting, reason=reason, now=now, actor=actor)
    facts = replace(facts, component=mounting.component_id)
    made = mount_component(facts=facts, now=now, actor=actor)
    if dismounted_at is None:
        return made
    return dismount_component(
        mounting=made, at=dismounted_at, value=dismounted_value, now=now, actor=actor
    )


def _component(facts: MountFacts) -> Asset:
    own = Asset.objects.written_by(current_company()).select_related("asset_type")
    component: Asset | None = own.filter(pk=facts.component).first()
    if component is None or not component.asset_type.is_component:
        raise ValidationError({"component": _("Choose a component that your company registered.")})
    if component.pk == facts.host:
        raise ValidationError({"host": _("Nothing is mounted on itself.")})
    return component


def _host(facts: MountFacts) -> Asset:
    """The host. Being its customer is not enough to say what its counter showed."""
    host: Asset | None = Asset.objects.filter(pk=facts.host).first()
    if host is None:
        raise ValidationError({"host": _("There is no such asset here.")})
    holders = (host.author_id, host.provider_id, host.owner_id, host.manufacturer_id)
    if current_company().pk not in holders:
        raise ValidationError(
            {"host": _("The passport of %(host)s names your company only as its customer.")
             % {"host": host.name}}
        )  # fmt: skip
    return host


def _rule(facts: MountFacts, component: Asset, host: Asset) -> PositionRule:
    rule = Layout.from_dict(host.layout).position(facts.position)
    if rule is None and facts.position == COUPLING and component.asset_type.positions:
        rule = coupling_rule(COUPLING)
    if rule is None:
        raise ValidationError(
            {"position": _("%(host)s has no position %(code)s.")
             % {"host": host.name, "code": facts.position[:40]}}
        )  # fmt: skip
    return rule


def _counter(facts: MountFacts, host: Asset) -> HostCounter | None:
    counter = Layout.from_dict(host.layout).counter(facts.channel)
    if counter is None and facts.channel:
        raise ValidationError(
            {"channel": _("%(host)s has no counter %(code)s.")
             % {"host": host.name, "code": facts.channel}}
        )  # fmt: skip
    _must_have_counter(facts.value, counter.code if counter else "")
    return counter


def _must_have_counter(value: Decimal | None, channel: str) -> None:
    if value is not None and not channel:
        raise ValidationError({"value": _("This host has no counter; leave the value out.")})


def _must_have_been(at: datetime, now: datetime) -> None:
    if at > now:
        raise ValidationError({"at": _("This lies in the future.")})


def _must_be_free(facts: MountFacts) -> None:
    """A friendly word before the database says the same for everybody at once."""
    elsewhere = mounted_at(facts.component, facts.at)
    if elsewhere is not None:
        raise ValidationError(
            {"component": _("It is mounted on %(host)s at that time, position %(position)s.")
             % {"host": elsewhere.host_label, "position": elsewhere.position}}
        )  # fmt: skip
    sitting = at_position(facts.host, facts.position, facts.at)
    if sitting is not None:
        raise ValidationError(
            {"position": _("%(component)s is mounted there at that time.")
             % {"component": sitting.component_label}}
        )  # fmt: skip


def _must_not_close_a_circle(component: Asset, host: Asset, at: datetime) -> None:
    if component.pk in carriers_of(host.pk, at):
        raise ValidationError(
            {"host": _("%(host)s is itself mounted on %(component)s.")
             % {"host": host.name, "component": component.name}}
        )  # fmt: skip


def _row(
    facts: MountFacts, component: Asset, host: Asset, rule: PositionRule,
    counter: HostCounter | None,
) -> Mounting:  # fmt: skip
    return Mounting(
        author_id=component.author_id, parties=sorted({*component.parties, *host.parties}),
        component=component, component_label=component.name, host=host, host_label=host.name,
        collector_id=host.author_id, position=rule.code, position_title=rule.title,
        factor=rule.factor, while_channel=rule.channel, while_value=rule.value,
        host_counters=[row.code for row in Layout.from_dict(host.layout).counters],
        mounted_at=facts.at, channel_code=counter.code if counter else "",
        unit=counter.unit if counter else "", mounted_value=facts.value,
    )  # fmt: skip


def _save(mounting: Mounting) -> None:
    """The database has the last word: two people may mount at once, or over a later mounting."""
    try:
        with transaction.atomic():
            mounting.save(force_insert=True)
    except IntegrityError as error:
        if "assets_position_holds_one" in str(error):
            raise ValidationError(
                {"position": _("Something else is mounted there later.")}
            ) from None
        if "assets_component_in_one_place" not in str(error):
            raise
        raise ValidationError({"component": _("It is mounted elsewhere later.")}) from None


def _locked(mounting: Mounting, *, withdrawn: bool = False) -> Mounting:
    own = Mounting.objects.written_by(current_company()).select_for_update(of=("self",))
    found: Mounting | None = own.filter(pk=mounting.pk).first()
    if found is None:
        raise ValidationError(_("Only the company that registered the component may change this."))
    if found.withdrawn_at is not None and not withdrawn:
        raise ValidationError(_("This mounting was withdrawn."))
    return found


def _told(event: MountingEvent, mounting: Mounting, act: str, now: datetime, actor: Any) -> None:
    details = {
        "component": mounting.component_label, "host": mounting.host_label,
        "position": mounting.position, "mounting": mounting.public_id,
        "value": None if mounting.mounted_value is None else canonical(mounting.mounted_value),
    }  # fmt: skip
    for asset in (mounting.component, mounting.host):
        record(
            action=act, subject=asset.public_id, now=now, actor=actor, details=details,
            also=[key for key in mounting.parties if key != mounting.author_id],
        )  # fmt: skip
    publish(name=event.name, payload=event.payload, now=now, to=mounting.parties)


def _name(actor: Any) -> str:
    return str(actor or "")[:200]
