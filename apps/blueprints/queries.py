"""Blueprints that come with the portal, a company's own ones, and networks being set up."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django.db.models import QuerySet

from apps.blueprints.domain.blueprint import Blueprint, blueprint_of
from apps.blueprints.domain.scenario import parse
from apps.blueprints.models import NetworkSetup, OwnBlueprint
from apps.common import ids
from apps.tenancy.context import current_company

FILES = Path(__file__).parent / "files"
# In the order a newcomer reads them.
SHIPPED = (
    "cleaning-service", "services-in-operation", "tire-as-a-service", "equipment-as-a-service",
    "open-marketplace", "closed-marketplace", "empty",
)  # fmt: skip


@cache
def shipped_blueprints() -> Mapping[str, Blueprint]:
    """Those that come with the portal, by code."""
    return {code: read_blueprint(shipped_text(code)) for code in SHIPPED}


def shipped_text(code: str) -> str:
    return (FILES / f"{code}.yaml").read_text(encoding="utf-8")


def read_blueprint(text: str) -> Blueprint:
    """Raises ScenarioError with lines, ValueError for what does not fit together."""
    return blueprint_of(parse(text)[0])


def own_blueprints() -> QuerySet[OwnBlueprint]:
    rows: QuerySet[OwnBlueprint] = OwnBlueprint.objects.filter(author=current_company())
    return rows


def blueprint_text(code: str) -> str | None:
    """The file of a shipped blueprint by its code, or of an own one by its copyable id."""
    if code in SHIPPED:
        return shipped_text(code)
    try:
        key = ids.decode(OwnBlueprint.prefix, code)
    except ids.BadId:
        return None
    found = own_blueprints().filter(pk=key).first()
    return None if found is None else found.text


def blueprint_named(code: str) -> Blueprint | None:
    if code in SHIPPED:
        return shipped_blueprints()[code]
    text = blueprint_text(code)
    return None if text is None else read_blueprint(text)


def own_setups() -> QuerySet[NetworkSetup]:
    """Networks the current company is setting up or has set up from a blueprint."""
    rows: QuerySet[NetworkSetup] = NetworkSetup.objects.filter(author=current_company())
    return rows.exclude(state=NetworkSetup.State.DISCARDED).select_related("network")
