"""Words for what a usage record says."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.common.quantity import BadValue, parse_decimal
from apps.common.units import format_with_unit
from apps.telemetry.wording import in_words

JUMPS = {
    "rollover": _("the counter rolled over"),
    "restart": _("the counter started again from zero"),
    "reset": _("a declared reset"),
    "exchange": _("a declared exchange of the meter"),
    "correction": _("a declared correction of the usage"),
    "released": _("a step that a person released"),
    "several": _("several declared jumps"),
}

# Parameters of reasons that are amounts in the counter's unit.
AMOUNTS = frozenset({"previous", "used", "most", "register_size", "minimum", "maximum", "stored"})
NOT_COLLECTED = _("The company that collects this machine's data takes no declared readings of it.")


def answer_words(reason: str, params: Mapping[str, Any], unit: str) -> str:
    """Why a declared reading is refused or not believed; amounts with their unit."""
    if reason == "not_collected":
        return str(NOT_COLLECTED)
    shown = {
        name: _measured(value, unit) if name in AMOUNTS else value for name, value in params.items()
    }
    return in_words(reason, shown)


def _measured(value: Any, unit: str) -> str:
    try:
        return format_with_unit(parse_decimal(value), unit, get_language() or "en")
    except BadValue:
        return str(value)


def jump_words(kind: str) -> str:
    return str(JUMPS.get(kind, kind))
