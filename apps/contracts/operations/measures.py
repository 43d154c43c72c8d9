"""Whether what a contract bills of a gauge or a state can stand."""

from dataclasses import replace

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.assets.models import TypeChannel
from apps.contracts.domain.facts import ItemFacts
from apps.contracts.wording.measures import aggregate_words
from apps.telemetry.domain.measures import LevelMeasure


def judged_measure(item: ItemFacts, channel: TypeChannel | None) -> LevelMeasure:
    """The measure in its channel's unit; a channel that is not seen is believed to suit it.

    Raises ValidationError.
    """
    measure = item.measure
    if measure is None:
        raise ValidationError(_("say what is billed of this level or state"))
    if channel is None:
        return measure
    if measure.kind != channel.kind:
        words = {"what": aggregate_words(measure.aggregate), "code": channel.code}
        raise ValidationError(_("%(what)s cannot be billed of the channel %(code)s") % words)
    if measure.unit not in ("", channel.unit):
        words = {"unit": measure.unit, "expected": channel.unit}
        raise ValidationError(_("its level is in %(unit)s, the channel in %(expected)s") % words)
    return replace(measure, unit=channel.unit)
