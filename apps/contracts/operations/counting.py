"""Whether the rules can stand under which a contract counts a counter or amounts."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.assets.models import Asset, ChannelKind, TypeChannel
from apps.common.units import UNITS
from apps.contracts.domain.facts import ItemFacts
from apps.telemetry.domain.conditions import CountCondition
from apps.telemetry.domain.counting import CountRules
from apps.tenancy.context import current_company


def judged_counting(
    item: ItemFacts, asset: Asset, channels: Mapping[tuple[UUID, str], TypeChannel]
) -> CountRules | None:
    """The rules with each condition in its channel's unit; None where there are none.

    A channel that is not seen, because another company collects it, is believed. Raises
    ValidationError.
    """
    rules = item.counting
    if not rules:
        return None
    if item.measure is not None or item.follows_host:
        raise ValidationError(_("only its own counter or amounts count under conditions"))
    own = channels.get((asset.asset_type_id, item.channel_code))
    if rules.opening is not None and own is not None and own.kind != ChannelKind.COUNTER:
        raise ValidationError(_("only a counter has an opening value"))
    if len(set(rules.channels)) != len(rules.channels):
        raise ValidationError(_("each channel has one condition"))
    judged = tuple(
        _judged(one, asset, channels.get((asset.asset_type_id, one.channel)))
        for one in rules.conditions
    )
    return replace(rules, conditions=judged)


def _judged(condition: CountCondition, asset: Asset, channel: TypeChannel | None) -> CountCondition:
    words = {"asset": asset.name, "code": condition.channel}
    if channel is None:
        if asset.author_id == current_company().pk or condition.unit not in UNITS:
            raise ValidationError(_("%(asset)s has no channel %(code)s") % words)
        return condition
    if condition.kind != channel.kind:
        raise ValidationError(
            _("%(code)s: values are asked of a state, at least and at most of a level") % words
        )
    return replace(condition, unit=channel.unit)
