"""Whether an item's sources can count for it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.assets.models import Asset, ChannelKind, TypeChannel
from apps.contracts.domain.facts import ItemFacts
from apps.telemetry.domain.sources import CHANNEL, DECLARED, MeterTerms

_SUMMED = (ChannelKind.COUNTER, ChannelKind.DELTA)


def judged_sources(
    item: ItemFacts, asset: Asset, channels: Mapping[tuple[UUID, str], TypeChannel]
) -> dict[str, Any] | None:
    """The item's terms as they are stored; None where they say nothing. Raises ValidationError."""
    terms = item.meter_terms
    if terms is None or terms == MeterTerms():
        return None
    own = channels.get((asset.asset_type_id, item.channel_code))
    if terms.has_fallbacks or terms.is_declared:
        _must_be_a_counter(item, own)
    if DECLARED in terms.sources and own is not None and own.usage_unit:
        raise ValidationError(_("what is declared is a reading in the unit that is billed"))
    for source in terms.sources:
        if source.startswith(CHANNEL):
            _must_stand_in(item, asset, source.removeprefix(CHANNEL), channels)
    return terms.to_dict()


def _must_be_a_counter(item: ItemFacts, channel: TypeChannel | None) -> None:
    seen = channel is None or (channel.kind == ChannelKind.COUNTER and not channel.formula)
    if item.follows_host or item.measure is not None or item.counting or not seen:
        raise ValidationError(_("only a counter that is read has other sources"))


def _must_stand_in(
    item: ItemFacts, asset: Asset, code: str, channels: Mapping[tuple[UUID, str], TypeChannel]
) -> None:
    own = channels.get((asset.asset_type_id, item.channel_code))
    other = channels.get((asset.asset_type_id, code))
    # What another company collects is not seen here; its metering says what does not fit.
    if own is None:
        return
    words = {"asset": asset.name, "code": code}
    if other is None or code == item.channel_code:
        raise ValidationError(_("%(asset)s has no other channel %(code)s") % words)
    if other.kind not in _SUMMED or other.billed_unit != own.billed_unit:
        raise ValidationError(
            _("%(code)s does not count in the unit of the channel it stands in for") % words
        )
