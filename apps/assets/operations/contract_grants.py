"""Grants that a contract bears on an asset: brought in line with what the contract says now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.assets.models import Asset, DataGrant
from apps.assets.operations.common import must_be_own
from apps.assets.operations.grants import (
    build_grant,
    end_living,
    publish_ended,
    publish_granted,
    tell_granted,
    unmarked,
)
from apps.tenancy.context import current_company

Kind = DataGrant.Kind


@dataclass(frozen=True, slots=True)
class GrantWish:
    """What a company is to read of an asset in [start, until); until None: open.

    Marked channels are left out unless the contract names them (`named`).
    """

    grantee_id: int
    channels: tuple[str, ...]
    resolution: str
    purpose: str
    start: datetime
    until: datetime | None = None
    kind: str = Kind.VALUES
    revocable: bool = False
    named: bool = False


@transaction.atomic
def grant_data(
    *, wanted: Mapping[Asset, Iterable[GrantWish]], contract_id: UUID, now: datetime,
    time_zone: str = "", of_host: bool = False,
) -> list[DataGrant]:  # fmt: skip
    """Let others read own assets as a contract wishes now, and no further: what it wished of these assets
    before and does not any more ends. Twice is once. Returns the grants of these wishes.

    `of_host`: for what an asset carries, apart from what it is covered for itself. What was taken
    back from a company stays taken back, however often the contract wishes it.
    """
    for asset in wanted:
        must_be_own(asset)
    keys = sorted(asset.pk for asset in wanted)
    list(Asset.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))
    rows = DataGrant.objects.written_by(current_company()).filter(
        contract_id=contract_id, asset__in=keys, of_host=of_host
    )
    standing: dict[UUID, list[DataGrant]] = {key: [] for key in keys}
    for row in rows.order_by("pk").select_for_update(of=("self",)):
        standing[row.asset_id].append(row)
    change = _Change(contract_id, of_host)
    for asset, wishes in wanted.items():
        grants = (_wished(asset, wish, time_zone) for wish in wishes)
        _bring_in_line([grant for grant in grants if grant], standing[asset.pk], change)
    change.store(now)
    return change.granted


@dataclass
class _Change:
    """What the wishes change: stored and told at once, however many assets there are."""

    contract_id: UUID
    of_host: bool
    granted: list[DataGrant] = field(default_factory=list)
    new: list[DataGrant] = field(default_factory=list)
    moved: list[DataGrant] = field(default_factory=list)
    sooner: list[DataGrant] = field(default_factory=list)
    gone: list[DataGrant] = field(default_factory=list)

    def store(self, now: datetime) -> None:
        DataGrant.objects.bulk_update(self.moved, _TERMS, batch_size=500)
        for grant in self.new:
            grant.contract_id, grant.origin = self.contract_id, DataGrant.Origin.CONTRACT
            grant.of_host = self.of_host
            grant.save(force_insert=True)
        tell_granted(self.new, now)
        publish_granted(self.moved, now)
        publish_ended(self.sooner, now)
        if self.gone:
            end_living(DataGrant.objects.filter(pk__in=[row.pk for row in self.gone]), now, now)


def _bring_in_line(
    wanted: Iterable[DataGrant], standing: Sequence[DataGrant], change: _Change
) -> None:
    taken = {_key(row) for row in standing if row.revoked_at is not None}
    asked = {_identity(grant): grant for grant in wanted if _key(grant) not in taken}
    kept = [row for row in standing if _key(row) not in taken]
    found = list(_matched(asked.values(), kept))
    for grant, row in found:
        if row is None:
            change.new.append(grant)
        else:
            _move(row, grant, change)
        change.granted.append(row or grant)
    held = {row.pk for _grant, row in found if row is not None}
    change.gone += [row for row in kept if row.pk not in held]


def _wished(asset: Asset, wish: GrantWish, time_zone: str) -> DataGrant | None:
    """A grant that is not stored; None where none of the channels may be shown."""
    channels = sorted(set(wish.channels)) if wish.named else unmarked(asset, wish.channels)
    if wish.kind == Kind.VALUES and not channels:
        return None
    return build_grant(
        asset, wish.grantee_id, wish.kind, channels, wish.resolution, purpose=wish.purpose,
        valid_from=wish.start, valid_until=wish.until, time_zone=time_zone,
        revocable=wish.revocable,
    )  # fmt: skip


def _key(row: DataGrant) -> tuple[int, str, str]:
    return row.grantee_id, row.kind, row.resolution


def _identity(row: DataGrant) -> tuple[object, ...]:
    return *_key(row), tuple(row.channels), row.valid_from


def _begin_alike(row: DataGrant, grant: DataGrant) -> bool:
    return row.valid_from == grant.valid_from and _share_channels(row, grant)


def _meet(row: DataGrant, grant: DataGrant) -> bool:
    ends = [item.valid_until for item in (row, grant) if item.valid_until is not None]
    begun = max(row.valid_from, grant.valid_from)
    return _share_channels(row, grant) and (not ends or begun < min(ends))


def _share_channels(row: DataGrant, grant: DataGrant) -> bool:
    return bool(set(row.channels) & set(grant.channels)) or row.kind == Kind.HEALTH


def _matched(
    wanted: Iterable[DataGrant], standing: Sequence[DataGrant]
) -> Iterator[tuple[DataGrant, DataGrant | None]]:
    """Each wanted grant with the row that becomes it, so that its log goes on; the same one first,
    then one that began alike, then one whose time it meets."""
    missing, free = list(wanted), list(standing)
    same = lambda row, grant: _identity(row) == _identity(grant)  # noqa: E731
    for is_it in (same, _begin_alike, _meet):
        for grant in list(missing):
            row = next(
                (row for row in free if _key(row) == _key(grant) and is_it(row, grant)), None
            )
            if row is not None:
                missing.remove(grant)
                free.remove(row)
                yield grant, row
    yield from ((grant, None) for grant in missing)


_TERMS = (
    "asset_label", "channels", "channel_facts", "purpose", "valid_from", "valid_until", "revocable",
    "time_zone", "parties",
)  # fmt: skip


def _move(row: DataGrant, grant: DataGrant, change: _Change) -> None:
    if all(getattr(row, name) == getattr(grant, name) for name in _TERMS):
        return
    if _is_sooner(grant.valid_until, row.valid_until):
        change.sooner.append(row)
    for name in _TERMS:
        setattr(row, name, getattr(grant, name))
    change.moved.append(row)


def _is_sooner(until: datetime | None, before: datetime | None) -> bool:
    return until is not None and (before is None or until < before)
