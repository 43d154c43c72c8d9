"""What is believed of what customers declared of own counters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from apps.telemetry.domain.belief import Reading, walk
from apps.telemetry.domain.sources import declared_code
from apps.telemetry.models import Channel
from apps.telemetry.queries.belief import declarations_in_force, rules_of
from apps.telemetry.queries.quarantine import disbeliefs_within
from apps.telemetry.queries.readings import readings_between, value_at

_AN_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Word:
    """A stored word of a customer: believed, or not, with the reason's code and parameters."""

    reason: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


def words_on(
    asset_id: UUID, code: str, instants: Iterable[datetime], *, beside_device: bool
) -> dict[datetime, Word]:
    """By instant, as stored, what is believed of a counter's declared readings; absent ones are left out.

    `beside_device`: the device's readings count first, so each is judged after the last of them too.
    """
    wanted, codes = sorted(set(instants)), {code, declared_code(code)}
    channels = {row.code: row for row in Channel.objects.filter(asset_id=asset_id, code__in=codes)}
    own, said = channels.get(code), channels.get(declared_code(code))
    if own is None or said is None or not wanted:
        return {}
    doubted = disbeliefs_within(said, wanted[0], wanted[-1])
    found = {at: Word(row.reason, row.params) for (at, _key), row in doubted.items()}
    believed = readings_between(said, wanted[0] - _AN_INSTANT, wanted[-1])
    for reading in believed:
        found[reading.measured_at] = _after_device(own, said, reading) if beside_device else Word()
    return {at: found[at] for at in wanted if at in found}


def _after_device(own: Channel, said: Channel, reading: Reading) -> Word:
    """Its word when it follows the device's last reading, as the meter of record lets it follow."""
    carry = value_at(own, reading.measured_at)
    if carry is None:
        return Word()
    rows: Sequence[Reading] = readings_between(said, carry.measured_at, reading.measured_at)
    since = [row for row in rows if row.measured_at > carry.measured_at]
    declared = declarations_in_force([own.pk]).get(own.pk, [])
    for doubt in walk(since, declared, rules_of(own), carry).disbelieved:
        if doubt.reading == reading:
            return Word(doubt.reason, doubt.params)
    return Word()
