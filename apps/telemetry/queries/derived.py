"""Which channels are derived, and from which."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from apps.assets.domain.derived import Derivation, in_force
from apps.telemetry.models import Channel

_INSTANT = timedelta(microseconds=1)


def channels_by_depth(channel_ids: Sequence[int] | None) -> dict[int, Sequence[int] | None]:
    """By depth, the channels to be worked in at it: the given ones and all they are derived from.

    None: all. Without derived channels there is only depth 0.
    """
    if channel_ids is None:
        derived = _by_depth(Channel.objects.filter(depth__gt=0).values_list("pk", "depth"))
        return {0: None} | derived
    rows = Channel.objects.filter(pk__in=list(channel_ids), depth__gt=0)
    if not rows.exists():
        return {0: channel_ids}
    found = {row.pk: row.depth for row in _with_inputs(list(rows))}
    sent = [key for key in channel_ids if key not in found]
    return _by_depth([*found.items(), *((key, 0) for key in sent)])


def _with_inputs(rows: Sequence[Channel]) -> list[Channel]:
    """These derived channels and, for as long as there are some, the channels they rest on."""
    assets = {row.asset_id for row in rows}
    by_name = {(row.asset_id, row.code): row for row in Channel.objects.filter(asset_id__in=assets)}
    found: dict[int, Channel] = {}
    waiting = list(rows)
    while waiting:
        row = waiting.pop()
        if row.pk in found:
            continue
        found[row.pk] = row
        names = [(row.asset_id, code) for code in input_codes(row)]
        waiting += [by_name[name] for name in names if name in by_name]
    return list(found.values())


def input_codes(channel: Channel) -> list[str]:
    """Codes of all channels that it is or was derived from, by name."""
    return sorted({code for item in channel.derivations for code in item.definition.inputs})


def definitions_within(channel: Channel, start: datetime, end: datetime) -> list[Derivation]:
    """The versions by which the channel's readings of [start, end) are derived, oldest first."""
    versions = channel.derivations
    first, last = start.astimezone(UTC).date(), (end - _INSTANT).astimezone(UTC).date()
    opening = in_force(versions, first)
    later = [item for item in versions if item.since is not None and first < item.since <= last]
    return later if opening is None else [opening, *later]


def _by_depth(rows: Iterable[tuple[int, int]]) -> dict[int, Sequence[int] | None]:
    found: dict[int, list[int]] = defaultdict(list)
    for key, depth in rows:
        found[depth].append(key)
    return dict(found)


def inputs_of(channel: Channel) -> list[Channel]:
    """The channels that it is or was derived from, by code."""
    codes = input_codes(channel)
    if not codes:
        return []
    return list(Channel.objects.filter(asset_id=channel.asset_id, code__in=codes).order_by("code"))


def channel_and_derived(asset_id: UUID, code: str) -> tuple[Channel | None, list[Channel]]:
    """An own asset's channel, and the channels derived from it, by code; one query."""
    rows = Channel.objects.filter(Q(code=code) | Q(depth__gt=0), asset_id=asset_id)
    found = {row.code: row for row in rows.order_by("code")}
    return found.get(code), [row for row in found.values() if code in input_codes(row)]
