"""What a contract of a scenario covers: a channel of an asset, and how its usage counts."""

from django.utils.translation import gettext as _

from apps.assets.models import Asset
from apps.blueprints.domain.terms import ConditionPart, ItemPart, MeasurePart
from apps.blueprints.operations.places import RefusedAt, at
from apps.common.quantity import BadValue
from apps.contracts.domain.facts import GroupFacts, ItemFacts
from apps.contracts.wording.counting import COUNTING_PROBLEMS
from apps.contracts.wording.measures import MEASURE_PROBLEMS
from apps.contracts.wording.sources import SOURCE_PROBLEMS
from apps.telemetry.domain.conditions import AT_LEAST, AT_MOST, IS_ONE_OF, CountCondition
from apps.telemetry.domain.counting import CountRules
from apps.telemetry.domain.measures import LevelMeasure
from apps.telemetry.domain.sources import MeterTerms


def covered(item: ItemPart, place: str) -> ItemFacts:
    """The item's facts; `place` is where it stands in its contract. Raises RefusedAt."""
    asset = Asset.objects.filter(serial=item.asset).first()
    if asset is None:
        text = _("There is no asset with the serial number “%(serial)s”.")
        raise RefusedAt(f"{place}.asset", text % {"serial": item.asset})
    return ItemFacts(
        asset_id=asset.id, channel_code=item.channel, meter=item.meter,
        follows_host=item.follows_host, starts_on=item.starts_on, ends_on=item.ends_on,
        measure=_measure(item, place), counting=_counting(item, place), group=_group(item),
        meter_terms=_meter_terms(item, place),
    )  # fmt: skip


def measure_of(part: MeasurePart | None) -> LevelMeasure | None:
    """What is billed of a gauge or state, as the contract takes it. Raises BadValue."""
    if part is None:
        return None
    return LevelMeasure(part.aggregate, "", part.hold_seconds, part.value, part.step, part.estimate)


def _measure(item: ItemPart, place: str) -> LevelMeasure | None:
    with at(f"{place}.measure", MEASURE_PROBLEMS):
        return measure_of(item.measure)


def _counting(item: ItemPart, place: str) -> CountRules | None:
    conditions = []
    for number, part in enumerate(item.only_while):
        with at(f"{place}.only_while[{number}]", COUNTING_PROBLEMS):
            conditions.append(_condition(part))
    rule, silence = (item.gaps.rule, item.gaps.longer_than_seconds) if item.gaps else ("", 0)
    with at(f"{place}.gaps" if item.gaps else place, COUNTING_PROBLEMS):
        return CountRules(tuple(conditions), rule, silence, item.opens_with) or None


def _condition(part: ConditionPart) -> CountCondition:
    """Raises BadValue where it asks for nothing, or for more than one thing."""
    asked = [(IS_ONE_OF, tuple(part.is_one_of))] if part.is_one_of else []
    for test, level in ((AT_LEAST, part.at_least), (AT_MOST, part.at_most)):
        asked += [(test, (level,))] if level is not None else []
    if len(asked) != 1:
        raise BadValue("bad_test")
    return CountCondition(part.channel, "", *asked[0], part.hold_seconds)


def _group(item: ItemPart) -> GroupFacts | None:
    part = item.group
    return None if part is None else GroupFacts(part.name, part.billed, part.level)


def _meter_terms(item: ItemPart, place: str) -> MeterTerms | None:
    part = item.meter_terms
    if part is None:
        return None
    with at(f"{place}.meter_terms", SOURCE_PROBLEMS):
        return MeterTerms(
            tuple(part.sources), part.silent_after_hours, part.deviation_percent, part.expired
        )
