"""Assets from a CSV file: everything is judged first, then all of it is stored or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.domain.asset_file import AssetLine, read_lines
from apps.assets.domain.facts import ROLES, AssetFacts
from apps.assets.models import Asset, AssetType
from apps.assets.operations.things import change_assets, register_assets
from apps.tenancy.context import current_company
from apps.tenancy.queries import known_companies


@dataclass(frozen=True, slots=True)
class AssetPlan:
    """What an import of the file would do; `lines` carry the problems."""

    lines: tuple[AssetLine, ...]
    new: tuple[AssetFacts, ...]
    changed: tuple[tuple[Asset, AssetFacts], ...]
    unchanged: int

    @property
    def problem_count(self) -> int:
        return sum(len(row.problems) for row in self.lines)


def plan_asset_import(*, text: str) -> AssetPlan:
    """Judge the file's text without storing anything. Raises BadAssetFile."""
    lines = read_lines(text)
    types = {row.name: row for row in AssetType.objects.written_by(current_company())}
    companies = {company.slug: company.pk for company in known_companies()}
    facts = [_facts(row, types, companies) for row in lines]
    good = [found for found in facts if found is not None]
    present = _present(good)
    new = tuple(row for row in good if (row.asset_type, row.serial) not in present)
    known = [
        (present[row.asset_type, row.serial], row)
        for row in good
        if (row.asset_type, row.serial) in present
    ]
    changed = tuple((asset, row) for asset, row in known if _differs(asset, row))
    return AssetPlan(tuple(lines), new, changed, len(known) - len(changed))


@transaction.atomic
def import_assets(*, text: str, now: datetime, actor: Any = None) -> AssetPlan:
    """Store the file's assets, all or none; the same file again changes nothing.

    Raises BadAssetFile, and ValidationError while any line has a problem.
    """
    plan = plan_asset_import(text=text)
    if plan.problem_count:
        raise ValidationError(_("Nothing was stored: the file has lines with problems."))
    if plan.new:
        register_assets(assets=plan.new, now=now, actor=actor)
    if plan.changed:
        change_assets(changes=plan.changed, now=now, actor=actor)
    return plan


def _facts(
    row: AssetLine, types: dict[str, AssetType], companies: dict[str, int]
) -> AssetFacts | None:
    asset_type = types.get(row.cells.get("type", ""))
    if asset_type is None and row.cells.get("type"):
        row.wrong("type", "unknown_type", value=row.cells["type"][:80])
    holders: dict[str, int | None] = {}
    for role in ROLES:
        address = row.cells.get(role, "").lower()
        holders[role] = companies.get(address)
        if address and address not in companies:
            row.wrong(role, "unknown_company", value=address[:80])
    if row.problems or asset_type is None:
        return None
    return AssetFacts(
        asset_type=asset_type.id,
        name=row.cells["name"],
        serial=row.cells["serial"],
        site=row.cells.get("site", ""),
        in_service_on=row.in_service_on,
        manufactured_on=None,
        **holders,
    )


def _present(facts: Sequence[AssetFacts]) -> dict[tuple[UUID, str], Asset]:
    own = Asset.objects.written_by(current_company()).select_related("asset_type")
    found = own.filter(serial__in=[row.serial for row in facts])
    return {(asset.asset_type_id, asset.serial): asset for asset in found}


def _differs(asset: Asset, facts: AssetFacts) -> bool:
    plain = ("name", "site", "in_service_on")
    return any(getattr(asset, name) != getattr(facts, name) for name in plain) or any(
        getattr(asset, f"{role}_id") != getattr(facts, role) for role in ROLES
    )
