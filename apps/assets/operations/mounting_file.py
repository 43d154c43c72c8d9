"""Mountings from a CSV file: all of it is tried, every problem named, then stored whole or not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.assets.domain.mounting import MountFacts
from apps.assets.domain.mounting_file import MountingLine, read_mounting_lines
from apps.assets.models import Asset, Mounting
from apps.assets.operations.mountings import dismount_component, mount_component
from apps.assets.queries import hosts_for_own, own_components

_LAST = datetime.max.replace(tzinfo=UTC)
# What an operation calls it, and the column that says it.
_COLUMNS = {"at": "mounted_at", "value": "mounted_value"}
_ENDS = {"at": "dismounted_at", "value": "dismounted_value"}


class _Undo(Exception):
    """Leaves a transaction that was only tried."""


@dataclass(frozen=True, slots=True)
class MountingPlan:
    """What an import of the file does; `lines` carry the problems."""

    lines: tuple[MountingLine, ...]
    mounted: int
    dismounted: int
    unchanged: int

    @property
    def problem_count(self) -> int:
        return sum(len(row.problems) for row in self.lines)


def plan_mounting_import(*, text: str, now: datetime) -> MountingPlan:
    """Try the file without storing anything. Raises BadAssetFile."""
    lines = read_mounting_lines(text)
    plan = None
    try:
        with transaction.atomic():
            plan = _carried_out(lines, now, None)
            raise _Undo
    except _Undo:
        assert plan is not None
        return plan


@transaction.atomic
def import_mountings(*, text: str, now: datetime, actor: Any = None) -> MountingPlan:
    """Store the file's mountings, all or none; the same file again changes nothing.

    Raises BadAssetFile, and ValidationError while any line has a problem.
    """
    plan = _carried_out(read_mounting_lines(text), now, actor)
    if plan.problem_count:
        raise ValidationError(_("Nothing was stored: the file has lines with problems."))
    return plan


def _carried_out(lines: Sequence[MountingLine], now: datetime, actor: Any) -> MountingPlan:
    """In the order of time, so that a component leaves one place before it comes to the next."""
    components, hosts = _by_serial(own_components()), _by_serial(hosts_for_own())
    done = {"mounted": 0, "dismounted": 0, "unchanged": 0}
    for line in sorted(lines, key=lambda row: row.mounted_at or _LAST):
        facts = _facts(line, components, hosts)
        if facts is None:
            continue
        try:
            with transaction.atomic():
                _store(line, facts, done, now, actor)
        except ValidationError as error:
            _blame(line, error, _COLUMNS)
    return MountingPlan(tuple(lines), done["mounted"], done["dismounted"], done["unchanged"])


def _by_serial(assets: QuerySet[Asset]) -> dict[str, UUID]:
    """Keys by serial; one that two of them carry names neither."""
    pairs = list(assets.values_list("serial", "pk"))
    found = dict(pairs)
    doubled = Counter(serial for serial, _ in pairs)
    return {serial: key for serial, key in found.items() if doubled[serial] == 1}


def _facts(
    line: MountingLine, components: dict[str, UUID], hosts: dict[str, UUID]
) -> MountFacts | None:
    component, host = components.get(line.cell("component")), hosts.get(line.cell("host"))
    if component is None and line.cell("component"):
        line.wrong("component", "unknown_component", value=line.cell("component")[:80])
    if host is None and line.cell("host"):
        line.wrong("host", "unknown_host", value=line.cell("host")[:80])
    if line.problems or component is None or host is None or line.mounted_at is None:
        return None
    return MountFacts(
        component, host, line.cell("position"), line.mounted_at, line.mounted_value,
        line.cell("channel"),
    )  # fmt: skip


def _store(
    line: MountingLine, facts: MountFacts, done: dict[str, int], now: datetime, actor: Any
) -> None:
    mounting = _standing(facts)
    before = dict(done)
    if mounting is None:
        mounting = mount_component(facts=facts, now=now, actor=actor)
        done["mounted"] += 1
    elif mounting.mounted_value != facts.value:
        raise ValidationError({"value": _("This mounting is recorded with another value.")})
    if line.dismounted_at is not None and not _ended(line, mounting):
        try:
            dismount_component(
                mounting=mounting, at=line.dismounted_at, value=line.dismounted_value, now=now,
                actor=actor,
            )  # fmt: skip
        except ValidationError as error:
            done.update(before)
            _blame(line, error, _ENDS)
            return
        done["dismounted"] += 1
    if done == before:
        done["unchanged"] += 1


def _standing(facts: MountFacts) -> Mounting | None:
    return Mounting.objects.filter(
        withdrawn_at=None, component=facts.component, host=facts.host, position=facts.position,
        mounted_at=facts.at,
    ).first()  # fmt: skip


def _ended(line: MountingLine, mounting: Mounting) -> bool:
    said = (line.dismounted_at, line.dismounted_value)
    return said == (mounting.dismounted_at, mounting.dismounted_value)


def _blame(line: MountingLine, error: ValidationError, columns: dict[str, str]) -> None:
    named = getattr(error, "error_dict", None)
    if named is None:
        line.wrong("", "refused", why=" ".join(error.messages))
        return
    for name, found in named.items():
        text = " ".join(message for one in found for message in one.messages)
        line.wrong(columns.get(name, name), "refused", why=text)
