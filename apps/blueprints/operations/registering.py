"""Asset types of a scenario or blueprint."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.assets.domain.facts import ChannelFacts
from apps.assets.domain.positions import BadPosition, PositionRule, parse_positions
from apps.assets.models import AssetType
from apps.assets.operations import register_asset_type
from apps.blueprints.domain.scenario import TypePart
from apps.tenancy.context import current_company


def register_type(*, part: TypePart, now: datetime) -> bool:
    """In the current company; False where it has a type of this name. Raises ValidationError."""
    if AssetType.objects.written_by(current_company()).filter(name=part.name).exists():
        return False
    channels = [
        ChannelFacts(**{name: getattr(item, name) for name in item.__struct_fields__})
        for item in part.channels
    ]
    register_asset_type(
        name=part.name, channels=channels, manufacturer=part.manufacturer,
        description=part.description, is_component=part.is_component, positions=_positions(part),
        now=now,
    )  # fmt: skip
    return True


def _positions(part: TypePart) -> list[PositionRule]:
    states = [channel.code for channel in part.channels if channel.kind == "state"]
    try:
        return parse_positions("\n".join(part.positions), states)
    except BadPosition as bad:
        raise ValidationError(
            _("Position “%(line)s” cannot be read: %(reason)s."),
            params={"line": part.positions[bad.line - 1], "reason": bad.reason},
        ) from bad
