"""An asset's life as far as the current company sees it."""

from collections.abc import Iterator, Set
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.assets.domain.timeline import Entry
from apps.assets.models import Asset, Holding, LifecycleAct, Mounting
from apps.assets.queries.mountings import lives_of, standing_mountings
from apps.assets.queries.things import seen_among
from apps.common.period import local_date
from apps.tenancy.context import current_company_id

MOST_MOUNTINGS = 200


def holdings_of(asset_id: UUID) -> QuerySet[Holding]:
    """Who held which role when, the first first; rows the company is a party of."""
    rows: QuerySet[Holding] = Holding.objects.filter(asset=asset_id)
    return rows.order_by("held_from", "id")


def acts_of(asset_id: UUID) -> QuerySet[LifecycleAct]:
    """What was said to have happened, the first first, with `withdrawn`; withdrawals themselves not."""
    rows: QuerySet[LifecycleAct] = LifecycleAct.objects.filter(asset=asset_id, withdraws=None)
    taken_back = LifecycleAct.objects.filter(withdraws=OuterRef("pk"))
    return rows.annotate(withdrawn=Exists(taken_back)).order_by("happened_on", "said_at", "id")


def retired_on(asset_id: UUID) -> date | None:
    """The day somebody says it was retired; None where nobody does."""
    rows = acts_of(asset_id).filter(kind=LifecycleAct.Kind.RETIRED, withdrawals=None)
    return rows.values_list("happened_on", flat=True).last()


def life_of(asset: Asset, zone: str) -> list[Entry]:
    """Acts, roles, mountings, lives, service and warranty; days are those of a zone."""
    return [
        *_facts(asset), *_roles(asset.pk, zone), *_mountings(asset, zone), *_lives(asset.pk, zone),
        *_acts(asset.pk),
    ]  # fmt: skip


def _facts(asset: Asset) -> Iterator[Entry]:
    if asset.manufactured_on is not None:
        maker = "" if asset.manufacturer is None else asset.manufacturer.name
        yield Entry(asset.manufactured_on, "manufactured", who=maker)
    if asset.in_service_on is not None:
        yield Entry(asset.in_service_on, "in_service")
    if asset.warranty_from is not None:
        yield Entry(asset.warranty_from, "warranty", until=asset.warranty_until)


def _roles(asset_id: UUID, zone: str) -> Iterator[Entry]:
    for row in holdings_of(asset_id):
        yield Entry(
            local_date(row.held_from, zone), f"holds_{row.role}", who=row.holder_name,
            until=_day(row.held_until, zone),
        )  # fmt: skip


def _acts(asset_id: UUID) -> Iterator[Entry]:
    own = current_company_id()
    for row in acts_of(asset_id):
        gone = bool(row.withdrawn)  # type: ignore[attr-defined]
        yield Entry(
            row.happened_on, row.kind, who=row.author_name, note=row.note, withdrawn=gone,
            act=row.public_id if row.author_id == own and not gone else "",
        )  # fmt: skip


def _mountings(asset: Asset, zone: str) -> Iterator[Entry]:
    rows = standing_mountings().filter(Q(component=asset) | Q(host=asset)).order_by("-mounted_at")
    shown = list(rows[:MOST_MOUNTINGS])
    seen = seen_among(key for row in shown for key in (row.component_id, row.host_id))
    for row in shown:
        yield _mounting(row, row.host_id == asset.pk, seen, zone)


def _mounting(row: Mounting, is_host: bool, seen: Set[UUID], zone: str) -> Entry:
    """The other asset is named, and a link where the company sees it."""
    label, target, other = (
        (row.component_label, row.component_public_id, row.component_id) if is_host
        else (row.host_label, row.host_public_id, row.host_id)
    )  # fmt: skip
    target = target if other in seen else ""
    return Entry(
        local_date(row.mounted_at, zone), "carried" if is_host else "mounted", what=label,
        target=target, note=row.position_title, until=_day(row.dismounted_at, zone),
    )  # fmt: skip


def _lives(asset_id: UUID, zone: str) -> Iterator[Entry]:
    for row in lives_of(asset_id):
        yield Entry(
            local_date(row.began_at, zone), "life", what=row.get_kind_display(), note=row.note
        )


def _day(instant: datetime | None, zone: str) -> date | None:
    return None if instant is None else local_date(instant, zone)
