"""What happened to a type or an asset, in words."""

from django.utils.translation import gettext_lazy as _

from apps.assets.queries import history_of
from apps.events.models import AuditRow

_SHOWN = 20
_ACTS = {
    "asset_type_registered": _("Registered"),
    "asset_type_changed": _("Changed"),
    "assets_registered": _("Registered, with others"),
    "asset_registered": _("Registered"),
    "asset_changed": _("Passport changed"),
    "mounted": _("Mounted"),
    "dismounted": _("Dismounted"),
    "mounting_withdrawn": _("Mounting withdrawn"),
    "life_begun": _("A new life"),
    "act_recorded": _("Entry in its life"),
    "act_withdrawn": _("Entry in its life withdrawn"),
    "telemetry.device_registered": _("New device"),
    "telemetry.device_retired": _("Device retired"),
    "owner_changed": _("Another owner by a transfer"),
}


def history_lines(public_id: str) -> list[tuple[str, AuditRow]]:
    """(what, audit row), latest first."""
    return [(_words(row), row) for row in history_of(public_id)[:_SHOWN]]


def _words(row: AuditRow) -> str:
    """What was done, and of a mounting what and where."""
    text, said = str(_ACTS.get(row.action, row.action)), row.details or {}
    if "component" not in said or "host" not in said:
        return text
    return f"{text}: {said['component']}, {said['host']} {said.get('position', '')}"
