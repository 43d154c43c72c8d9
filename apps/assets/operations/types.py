"""Writes of asset types and their channels."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.domain.facts import MEANING_FIELDS, ChannelFacts
from apps.assets.domain.positions import PositionRule
from apps.assets.models import Asset, AssetType, ChannelKind, TypeChannel
from apps.assets.operations.common import layouts_of, must_be_own, publish_changed
from apps.assets.operations.derived import judge_derived, new_version
from apps.assets.operations.using import sync_use_grants
from apps.common.units import UNITS
from apps.events.operations import record
from apps.tenancy.context import current_company


@transaction.atomic
def register_asset_type(
    *,
    name: str,
    channels: Sequence[ChannelFacts],
    now: datetime,
    manufacturer: str = "",
    description: str = "",
    is_component: bool = False,
    positions: Sequence[PositionRule] = (),
    actor: Any = None,
) -> AssetType:
    """A new asset type with its channels. Raises ValidationError naming field and reason."""
    company = current_company()
    asset_type = AssetType(
        author=company,
        parties=[company.pk],
        name=name.strip(),
        manufacturer=manufacturer.strip(),
        description=description.strip(),
        is_component=is_component,
        positions=[rule.to_dict() for rule in positions],
        made_at=now,
    )
    _judge_channels(channels, is_component)
    judge_derived(channels)
    _judge_positions(positions, channels)
    _judge_type(asset_type)
    asset_type.save(force_insert=True)
    TypeChannel.objects.bulk_create(
        [
            _channel(asset_type, facts, new_version(facts, None, has_readings=False, now=now))
            for facts in channels
        ]
    )
    record(action="asset_type_registered", subject=asset_type.public_id, now=now, actor=actor)
    return asset_type


def _judge_type(asset_type: AssetType) -> None:
    asset_type.clean_fields(exclude=["author"])
    same = AssetType.objects.written_by(asset_type.author_id).filter(name=asset_type.name)
    if same.exclude(pk=asset_type.pk).exists():
        raise ValidationError({"name": _("There is an asset type of this name already.")})


def _channel(asset_type: AssetType, facts: ChannelFacts, version: dict[str, Any]) -> TypeChannel:
    channel = TypeChannel(
        author_id=asset_type.author_id,
        parties=asset_type.parties,
        asset_type=asset_type,
        **{**asdict(facts), **version},
    )
    try:
        channel.clean_fields(exclude=["asset_type", "author"])
    except ValidationError as error:
        texts = [
            f"{facts.code} {name}: {' '.join(said)}" for name, said in error.message_dict.items()
        ]
        raise ValidationError(texts) from None
    return channel


def _judge_positions(positions: Sequence[PositionRule], channels: Sequence[ChannelFacts]) -> None:
    states = {channel.code for channel in channels if channel.kind == ChannelKind.STATE}
    codes = [rule.code for rule in positions]
    for rule in positions:
        if codes.count(rule.code) > 1:
            raise ValidationError(
                _("The position “%(code)s” is named twice."), params={"code": rule.code}
            )
        if rule.value is not None and rule.channel not in states:
            raise ValidationError(
                _("Position %(code)s: “%(channel)s” is no state channel of this type."),
                params={"code": rule.code, "channel": rule.channel},
            )


def _judge_channels(channels: Sequence[ChannelFacts], is_component: bool) -> None:
    if not channels and not is_component:
        raise ValidationError(_("A type has at least one channel."))
    codes = [channel.code for channel in channels]
    for code in codes:
        if codes.count(code) > 1:
            raise ValidationError(
                _("The channel “%(code)s” is named twice."), params={"code": code}
            )
    for channel in channels:
        if channel.unit not in UNITS:
            raise ValidationError(
                _("Channel %(code)s: the unit “%(unit)s” is not known."),
                params={"code": channel.code, "unit": channel.unit},
            )
        if channel.usage_unit:
            _judge_usage_unit(channel)
        if channel.register_size is not None and channel.kind != ChannelKind.COUNTER:
            raise ValidationError(
                _("Channel %(code)s: only a counter has a register size."),
                params={"code": channel.code},
            )


def _judge_usage_unit(channel: ChannelFacts) -> None:
    words = {"code": channel.code, "unit": channel.usage_unit}
    if channel.usage_unit not in UNITS:
        raise ValidationError(
            _("Channel %(code)s: the unit “%(unit)s” is not known."), params=words
        )
    if channel.kind not in (ChannelKind.COUNTER, ChannelKind.DELTA) or channel.formula:
        raise ValidationError(
            _("Channel %(code)s: only what is counted and sent has a factor."), params=words
        )


@transaction.atomic
def change_asset_type(
    *,
    asset_type: AssetType,
    name: str,
    channels: Sequence[ChannelFacts],
    now: datetime,
    manufacturer: str = "",
    description: str = "",
    is_component: bool = False,
    positions: Sequence[PositionRule] = (),
    actor: Any = None,
) -> AssetType:
    """Replace name, positions and channels. Refuses what would give stored readings another
    meaning; a changed position holds for mountings to come."""
    must_be_own(asset_type)
    asset_type.name, asset_type.manufacturer = name.strip(), manufacturer.strip()
    asset_type.description, asset_type.is_component = description.strip(), is_component
    asset_type.positions = [rule.to_dict() for rule in positions]
    _judge_channels(channels, is_component)
    _judge_positions(positions, channels)
    _judge_type(asset_type)
    asset_type.save(
        update_fields=["name", "manufacturer", "description", "is_component", "positions"]
    )
    _replace_channels(asset_type, channels, now)
    Asset.objects.filter(asset_type=asset_type).update(
        type_name=asset_type.name, layout=layouts_of([asset_type])[asset_type.pk]
    )
    assets = list(asset_type.assets.all())
    sync_use_grants(assets=assets, now=now)
    publish_changed([asset.pk for asset in assets], now)
    record(action="asset_type_changed", subject=asset_type.public_id, now=now, actor=actor)
    return asset_type


def _replace_channels(
    asset_type: AssetType, channels: Sequence[ChannelFacts], now: datetime
) -> None:
    before = {channel.code: channel for channel in asset_type.channels.select_for_update()}
    wanted = {facts.code: facts for facts in channels}
    has_readings = asset_type.assets.filter(last_reading_at__isnull=False).exists()
    if has_readings:
        _judge_meaning(before, wanted)
    judge_derived(channels, list(before.values()) if has_readings else ())
    gone = [channel.pk for code, channel in before.items() if code not in wanted]
    TypeChannel.objects.filter(pk__in=gone).delete()
    for code, facts in wanted.items():
        version = new_version(facts, before.get(code), has_readings=has_readings, now=now)
        row = _channel(asset_type, facts, version)
        if code in before:
            row.pk = before[code].pk
            row.save(force_update=True)
        else:
            row.save(force_insert=True)


def _judge_meaning(before: dict[str, TypeChannel], wanted: dict[str, ChannelFacts]) -> None:
    for code, channel in before.items():
        facts = wanted.get(code)
        if facts is None:
            raise ValidationError(
                _("Channel %(code)s has readings and cannot be removed."), params={"code": code}
            )
        if bool(channel.formula) != bool(facts.formula):
            raise ValidationError(
                _(
                    "Channel %(code)s has readings: it stays sent, or derived, as it is. Add a new "
                    "channel instead."
                ),
                params={"code": code},
            )
        for field in MEANING_FIELDS:
            if getattr(channel, field) != getattr(facts, field):
                label = TypeChannel._meta.get_field(field).verbose_name  # type: ignore[union-attr]
                raise ValidationError(
                    _(
                        "Channel %(code)s has readings: its %(field)s cannot change, or what was "
                        "billed from them would change its meaning. Add a new channel instead."
                    ),
                    params={"code": code, "field": label},
                )
