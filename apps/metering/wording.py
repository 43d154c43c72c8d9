"""Words for what a usage record says."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

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

NOT_COLLECTED = _("The company that collects this machine's data takes no declared readings of it.")


def answer_words(reason: str, params: Mapping[str, Any]) -> str:
    """Why a declared reading is refused or not believed."""
    return str(NOT_COLLECTED) if reason == "not_collected" else in_words(reason, params)


def jump_words(kind: str) -> str:
    return str(JUMPS.get(kind, kind))
