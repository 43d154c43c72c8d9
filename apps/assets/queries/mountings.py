"""What is mounted where, and when."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from apps.assets.domain.mounting import HostCounter, Layout
from apps.assets.models import Asset, ComponentLife, CounterNote, Mounting
from apps.tenancy.context import current_company

# Tire on trailer, trailer on dolly, dolly on trailer, trailer on tractor; deeper is a mistake.
DEEPEST = 8


def standing_mountings() -> QuerySet[Mounting]:
    """Mountings that were not withdrawn, of every component and host the company sees."""
    rows: QuerySet[Mounting] = Mounting.objects.filter(withdrawn_at=None)
    return rows


def during(start: datetime, end: datetime) -> Q:
    """Mountings that touch [start, end)."""
    return Q(mounted_at__lt=end) & (Q(dismounted_at=None) | Q(dismounted_at__gt=start))


def _holding(at: datetime) -> Q:
    return Q(mounted_at__lte=at) & (Q(dismounted_at=None) | Q(dismounted_at__gt=at))


def mounted_at(component_id: UUID, at: datetime) -> Mounting | None:
    """Where a component is mounted at an instant."""
    return standing_mountings().filter(_holding(at), component=component_id).first()


def at_position(host_id: UUID, position: str, at: datetime) -> Mounting | None:
    """What is mounted at a host's position at an instant."""
    return standing_mountings().filter(_holding(at), host=host_id, position=position).first()


def carriers_of(host_id: UUID, at: datetime) -> set[UUID]:
    """The host and every asset that carries it from an instant on, now or later."""
    found, level = {host_id}, {host_id}
    for _depth in range(DEEPEST):
        rows = standing_mountings().filter(
            Q(dismounted_at=None) | Q(dismounted_at__gt=at), component__in=level
        )
        level = set(rows.values_list("host", flat=True)) - found
        if not level:
            break
        found |= level
    return found


def mountings_of(component_id: UUID) -> QuerySet[Mounting]:
    """A component's history, latest first, withdrawn ones too, with their counter notes."""
    rows: QuerySet[Mounting] = Mounting.objects.filter(component=component_id)
    return rows.prefetch_related(_notes()).order_by("-mounted_at", "-id")


def carried_by(host_id: UUID, at: datetime) -> QuerySet[Mounting]:
    """What is mounted on a host at an instant, by position, with its counter notes."""
    rows = standing_mountings().filter(_holding(at), host=host_id)
    return rows.prefetch_related(_notes()).order_by("position")


def carried_during(host_id: UUID, start: datetime, end: datetime) -> QuerySet[Mounting]:
    """What was mounted on a host within [start, end), by position and time."""
    return standing_mountings().filter(during(start, end), host=host_id).order_by(
        "position", "mounted_at"
    )  # fmt: skip


def _notes() -> Any:
    return Prefetch("notes", CounterNote.objects.order_by("edge"), to_attr="counter_notes")


def component_tree(component_ids: Iterable[UUID]) -> list[Mounting]:
    """Standing mountings of the components and of whatever carries them, upward."""
    found: dict[UUID, Mounting] = {}
    level, seen = set(component_ids), set()
    for _depth in range(DEEPEST):
        if not level:
            break
        seen |= level
        rows = list(standing_mountings().filter(component__in=level))
        found |= {row.pk: row for row in rows}
        level = {row.host_id for row in rows} - seen
    return list(found.values())


def components_below(asset_ids: Iterable[UUID]) -> set[UUID]:
    """The assets and everything that was ever mounted on them, downward."""
    level = set(asset_ids)
    found = set(level)
    for _depth in range(DEEPEST):
        if not level:
            break
        rows = standing_mountings().filter(host__in=level)
        level = set(rows.values_list("component", flat=True)) - found
        found |= level
    return found


def own_components() -> QuerySet[Asset]:
    """Assets of component types that the company registered."""
    own: QuerySet[Asset] = Asset.objects.written_by(current_company())
    return own.filter(asset_type__is_component=True)


def hosts_for_own() -> QuerySet[Asset]:
    """Assets with positions, on which the company may mount."""
    company = current_company()
    may = Q(author=company) | Q(provider=company) | Q(owner=company) | Q(manufacturer=company)
    rows: QuerySet[Asset] = Asset.objects.filter(may)
    return rows.exclude(layout={}).exclude(layout__positions=[])


def host_counters() -> list[HostCounter]:
    """What hosts of the company's components count: each code, unit and kind once, by code."""
    layouts = hosts_for_own().order_by("asset_type").values_list("layout", flat=True).distinct()
    found = {
        (row.code, row.unit, row.kind): row
        for layout in layouts for row in Layout.from_dict(layout).counters
    }  # fmt: skip
    return [found[key] for key in sorted(found)]


def lives_of(component_id: UUID) -> QuerySet[ComponentLife]:
    """A component's lives, the present one first."""
    rows: QuerySet[ComponentLife] = ComponentLife.objects.filter(component=component_id)
    return rows.order_by("-began_at")
