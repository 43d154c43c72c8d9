"""Who holds which role: rows that follow the passport, without gap or overlap."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.domain.facts import ROLES
from apps.assets.domain.timeline import TitleFacts
from apps.assets.models import Asset, Holding, OwnershipHold, Role
from apps.assets.operations.common import publish_changed
from apps.common.period import midnight
from apps.events.operations import record
from apps.tenancy.context import current_company
from apps.tenancy.models import Company


def note_holders(
    *, assets: Sequence[Asset], at: datetime, new: bool = False, transfer: str = ""
) -> None:
    """Bring the holdings of own assets in line with their passports, as of an instant."""
    standing = {} if new else _standing(assets)
    begun, ended, shown = [], [], []
    for asset in assets:
        for role in ROLES:
            row, holder = standing.get((asset.pk, role)), getattr(asset, f"{role}_id")
            if row is not None and row.holder_id == holder:
                shown += _shown_to(row, asset.parties)
                continue
            if row is not None:
                ended.append(row)
                # Both sides of a transfer know each other; otherwise a successor learns nothing.
                _shown_to(row, [holder] if transfer and holder else [])
            if holder is not None:
                since = _since(asset, at) if new else at
                begun.append(_holding(asset, role, holder, since, transfer))
    _end(ended, at)
    _begin(begun)
    Holding.objects.bulk_update(shown, ["parties"], batch_size=500)


def _standing(assets: Iterable[Asset]) -> dict[tuple[UUID, str], Holding]:
    rows = Holding.objects.filter(asset__in=[asset.pk for asset in assets], held_until=None)
    return {(row.asset_id, row.role): row for row in rows}


def _since(asset: Asset, now: datetime) -> datetime:
    """A new asset's holders are those since it is in service."""
    if asset.in_service_on is None:
        return now
    return min(now, midnight(asset.in_service_on, current_company().time_zone))


def _shown_to(row: Holding, companies: Iterable[int]) -> list[Holding]:
    """The row where companies come to see it that did not; none where all do already."""
    parties = sorted({*row.parties, *companies})
    if parties == sorted(row.parties):
        return []
    row.parties = parties
    return [row]


def _holding(asset: Asset, role: str, holder: int, since: datetime, transfer: str) -> Holding:
    return Holding(
        author_id=asset.author_id, parties=asset.parties, asset=asset, role=role, holder_id=holder,
        held_from=since, transfer=transfer if role == Role.OWNER else "",
    )  # fmt: skip


def _end(rows: Sequence[Holding], at: datetime) -> None:
    """Who held a role for no time at all never held it."""
    never = [row.pk for row in rows if row.held_from >= at]
    if never:
        Holding.objects.filter(pk__in=never).delete()
    lasted = [row for row in rows if row.held_from < at]
    for row in lasted:
        row.held_until = at
    Holding.objects.bulk_update(lasted, ["held_until", "parties"], batch_size=500)


def _begin(rows: Sequence[Holding]) -> None:
    names = dict(
        Company.objects.filter(pk__in={row.holder_id for row in rows}).values_list("pk", "name")
    )
    for row in rows:
        row.holder_name = names[row.holder_id]
    Holding.objects.bulk_create(rows, batch_size=1000)


def judge_owners(*, owners: Sequence[tuple[Asset, int | None]]) -> None:
    """Who became the owner by a transfer, or is in one, is followed by a transfer alone.

    Raises ValidationError on `owner`.
    """
    keys = [asset.pk for asset, _owner in owners]
    rows = Holding.objects.filter(asset__in=keys, role=Role.OWNER, held_until=None)
    standing = {row.asset_id: row for row in rows}
    held = set(OwnershipHold.objects.filter(asset__in=keys).values_list("asset", flat=True))
    for asset, owner in owners:
        row = standing.get(asset.pk)
        if row is None or row.holder_id == owner:
            continue
        if asset.pk in held:
            text = _("The owner is transferring it; until that is over the owner stays.")
            raise ValidationError({"owner": text})
        if row.transfer:
            text = _("The owner came by a transfer; another one comes by a transfer too.")
            raise ValidationError({"owner": text})


@transaction.atomic
def hold_ownership(*, asset: Asset, now: datetime) -> OwnershipHold:
    """In the owner's company: its passport names no other owner meanwhile. Twice is once."""
    own = current_company()
    hold: OwnershipHold = OwnershipHold.objects.get_or_create(
        asset=asset, author=own,
        defaults={"parties": sorted({own.pk, asset.author_id}), "held_at": now},
    )[0]  # fmt: skip
    return hold


@transaction.atomic
def release_ownership(*, asset_id: UUID) -> None:
    """In the same company: the transfer is over."""
    OwnershipHold.objects.written_by(current_company()).filter(asset=asset_id).delete()


@transaction.atomic
def pass_title(*, facts: TitleFacts, now: datetime) -> bool:
    """In the company that keeps the passport: the buyer is the owner from `facts.at` on. Twice is once.

    False, and nothing changes, where the seller is not the owner any more. Raises Asset.DoesNotExist.
    """
    own = Asset.objects.written_by(current_company())
    asset: Asset = own.select_for_update(of=("self",)).get(pk=facts.asset)
    if Holding.objects.filter(asset=asset, role=Role.OWNER, transfer=facts.transfer).exists():
        return True
    if not _held_by(asset, facts):
        return False
    asset.owner_id = facts.buyer
    asset.parties = sorted({asset.author_id, *_named(asset)})
    _promise(asset, facts)
    asset.save(update_fields=["owner", "parties", "warranty_from", "warranty_until"])
    note_holders(assets=[asset], at=facts.at, transfer=facts.transfer)
    publish_changed([asset.pk], now)
    record(
        action="owner_changed", subject=asset.public_id, now=now,
        also=[facts.seller, facts.buyer], details={"transfer": facts.transfer},
    )  # fmt: skip
    return True


def _promise(asset: Asset, facts: TitleFacts) -> None:
    """The seller's warranty; a maker's that runs longer stays with the asset."""
    standing, promised = asset.warranty_until, facts.warranty_until
    if promised is not None and (standing is None or standing < promised):
        asset.warranty_from, asset.warranty_until = facts.warranty_from, promised


def _held_by(asset: Asset, facts: TitleFacts) -> bool:
    """Whether the seller is the owner, and was before the title passes."""
    held = Holding.objects.filter(
        asset=asset, role=Role.OWNER, held_until=None, holder=facts.seller, held_from__lt=facts.at
    )
    return asset.owner_id == facts.seller and held.exists()


def _named(asset: Asset) -> set[int]:
    return {key for role in ROLES if (key := getattr(asset, f"{role}_id")) is not None}
