"""Which channel an item means: rows made from asset types, and this process's memory of them."""

import time
import uuid
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.db import connection
from django.db.models import F

from apps.assets.models import Asset, TypeChannel
from apps.assets.queries import type_depths
from apps.common.ids import BadId, decode, encode
from apps.telemetry.domain.sources import declared_code
from apps.telemetry.models import Channel, ChannelDay
from apps.telemetry.queries.derived import input_codes
from apps.tenancy.context import current_company

REMEMBERED_SECONDS = 60.0
_COPIED = (
    "title", "kind", "unit", "usage_unit", "register_size", "restarts_from_zero", "max_rate_per_hour",
    "expected_interval_seconds",
)  # fmt: skip
_DERIVED = ("derived", "depth")
# They give the readings of a channel their meaning.
_KEPT = ("kind", "unit", "usage_unit")
_MARK_INPUTS = """
insert into telemetry_derivemark (channel_id, day)
select distinct w.channel_id, d.day + n.n
from unnest(%s::int[], %s::int[], %s::date[]) as w(channel_id, input_id, since)
join telemetry_channelday d on d.channel_id = w.input_id and d.day >= w.since - 1
cross join (values (0), (1)) as n(n)
"""

_BEGINNING = date(1, 1, 2)
_RULES = frozenset(
    {"register_size", "restarts_from_zero", "max_rate_per_hour", "expected_interval_seconds"}
)


class KnownChannel(NamedTuple):
    """What intake needs of a channel."""

    id: int
    kind: str
    unit: str
    asset_id: uuid.UUID
    is_derived: bool = False


class Names(dict[tuple[str, str], KnownChannel]):
    """Known channels by (asset's public id or serial, code).

    `subjects` remembers them by the whole text that named them, for each asset that was meant
    where a subject names none.
    """

    def __init__(self, *known: Iterable[tuple[tuple[str, str], KnownChannel]]) -> None:
        super().__init__(*known)
        self.subjects: dict[str, dict[str, KnownChannel]] = {}


_remembered: dict[tuple[str, int], tuple[float, Names]] = {}


def sync_channels(*, asset_ids: Iterable[uuid.UUID]) -> int:
    """Make and refresh the channels of own assets from their types. Returns how many are new.

    Kind and unit of a channel with readings stay as they are: they give its readings meaning.
    """
    assets = list(
        Asset.objects.filter(id__in=list(asset_ids), author=current_company()).order_by("id")
    )
    wanted = TypeChannel.objects.filter(asset_type__in={asset.asset_type_id for asset in assets})
    by_type: dict[uuid.UUID, list[TypeChannel]] = {}
    for row in wanted.order_by("code"):
        by_type.setdefault(row.asset_type_id, []).append(row)
    depths = {key: type_depths(found) for key, found in by_type.items()}
    rows = [
        _channel(asset, row, depths[asset.asset_type_id][row.code])
        for asset in assets for row in by_type.get(asset.asset_type_id, [])
    ]  # fmt: skip
    return _write_channels(rows)


def _channel(asset: Asset, row: TypeChannel, depth: int) -> Channel:
    copied = {name: getattr(row, name) for name in _COPIED}
    return Channel(
        asset_id=asset.id, asset_label=asset.name, code=row.code, depth=depth,
        derived=[item.to_dict() for item in row.derivations], **copied,
    )  # fmt: skip


def sync_declared_channel(own: Channel) -> None:
    """Make or refresh the channel of what a customer declares of a counter: it has its rules.

    Nobody expects a reading of it by the hour.
    """
    copied = {name: getattr(own, name) for name in _COPIED} | {"expected_interval_seconds": None}
    code = declared_code(own.code)
    _write_channels(
        [Channel(asset_id=own.asset_id, asset_label=own.asset_label, code=code, **copied)]
    )


def _write_channels(rows: list[Channel]) -> int:
    if not rows:
        return 0
    known = {
        (channel.asset_id, channel.code): channel
        for channel in Channel.objects.filter(asset_id__in={row.asset_id for row in rows})
    }
    new = [row for row in rows if (row.asset_id, row.code) not in known]
    others = _derived_anew(rows, known)
    Channel.objects.bulk_create(new, ignore_conflicts=True)
    _refresh(rows, known)
    _mark_inputs(others)
    return len(new)


def _derived_anew(
    rows: Iterable[Channel], known: dict[tuple[uuid.UUID, str], Channel]
) -> dict[tuple[uuid.UUID, str], date]:
    """Derived channels whose definition is new, and from which day on."""
    found = {}
    for row in rows:
        channel = known.get((row.asset_id, row.code))
        versions = row.derivations
        stood = channel.derivations if channel is not None else []
        changed = [item for item in versions if item not in stood]
        if changed:
            found[row.asset_id, row.code] = changed[0].since or _BEGINNING
    return found


def _mark_inputs(changed: dict[tuple[uuid.UUID, str], date]) -> None:
    """Have the days derived for which there are readings of the inputs."""
    if not changed:
        return
    assets = {asset for asset, _ in changed}
    by_name = {(row.asset_id, row.code): row for row in Channel.objects.filter(asset_id__in=assets)}
    wanted = [
        (by_name[name].pk, by_name[name[0], code].pk, since)
        for name, since in changed.items() if name in by_name
        for code in input_codes(by_name[name]) if (name[0], code) in by_name
    ]  # fmt: skip
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(_MARK_INPUTS, [list(column) for column in zip(*wanted, strict=True)])


def _refresh(rows: list[Channel], known: dict[tuple[uuid.UUID, str], Channel]) -> None:
    names = [name for name in (*_COPIED, *_DERIVED, "asset_label") if name not in _KEPT]
    changed, judged_anew = [], []
    for row in rows:
        channel = known.get((row.asset_id, row.code))
        other = [name for name in names if channel and getattr(channel, name) != getattr(row, name)]
        if channel is None or not other:
            continue
        for name in other:
            setattr(channel, name, getattr(row, name))
        changed.append(channel)
        if not _RULES.isdisjoint(other):
            judged_anew.append(channel)
    if changed:
        Channel.objects.bulk_update(changed, names, batch_size=500)
    if judged_anew:
        # Belief is a function of the rules too: what was judged by the old ones is judged again.
        ChannelDay.objects.filter(channel__in=judged_anew).update(version=F("version") + 1)


def names_for(wanted: set[tuple[str, str]]) -> Names:
    """Known channels by (asset's public id or serial, code); asks only for what is not in memory."""
    names = _memory()
    missing = {pair for pair in wanted if pair not in names}
    if not missing:
        return names
    found = _load(missing)
    if connection.in_atomic_block:
        # What an open transaction sees may never come to be: use it, do not keep it.
        return Names((names | found).items())
    names.update(found)
    return names


def forget_channels() -> None:
    """Empty this process's memory of channels."""
    _remembered.clear()


def company_key() -> tuple[str, int]:
    """The key of anything remembered per company in this process."""
    return str(connection.settings_dict["NAME"]), current_company().pk


def _memory() -> Names:
    key = company_key()
    until, names = _remembered.get(key, (0.0, Names()))
    if until < time.monotonic():
        names = Names()
        _remembered[key] = (time.monotonic() + REMEMBERED_SECONDS, names)
    return names


def _load(wanted: set[tuple[str, str]]) -> Names:
    """Channels of the wanted assets; those a type has and an asset lacks are made."""
    names_of = _assets_named({asset for asset, _code in wanted})
    names = _channels_of(names_of)
    asset_of = {name: asset for asset, called in names_of.items() for name in called}
    lacking = {
        asset_of[name] for name, code in wanted if name in asset_of and (name, code) not in names
    }
    if lacking and sync_channels(asset_ids=lacking):
        names = _channels_of(names_of)
    return names


def _assets_named(wanted: set[str]) -> dict[uuid.UUID, set[str]]:
    """Own assets by key, with the names (public id, serial) they go by."""
    ids = [key for name in wanted if (key := _uuid_of(name)) is not None]
    own = Asset.objects.filter(author=current_company())
    keys = own.filter(id__in=ids).values_list("id", flat=True)
    found = {key: {encode(Asset.prefix, key)} for key in keys}
    serials = [name for name in wanted if _usable(name)]
    for serial, asset in _by_serial(own.filter(serial__in=serials)).items():
        found.setdefault(asset.id, {asset.public_id}).add(serial)
    return found


def _channels_of(names_of: dict[uuid.UUID, set[str]]) -> Names:
    names = Names()
    for channel in Channel.objects.filter(asset_id__in=names_of).order_by("id"):
        known = KnownChannel(
            channel.id, channel.kind, channel.unit, channel.asset_id, channel.depth > 0
        )
        names.update({(name, channel.code): known for name in names_of[channel.asset_id]})
    return names


def _by_serial(found: Iterable[Asset]) -> dict[str, Asset]:
    """Assets by serial; one that two of them carry names neither."""
    assets: dict[str, Asset] = {}
    doubled = set()
    for asset in found:
        if asset.serial in assets:
            doubled.add(asset.serial)
        assets[asset.serial] = asset
    return {serial: asset for serial, asset in assets.items() if serial not in doubled}


def _usable(name: str) -> bool:
    return 0 < len(name) <= 80 and name.isprintable()


def _uuid_of(name: str) -> uuid.UUID | None:
    try:
        return decode(Asset.prefix, name)
    except (BadId, ValueError):
        return None
