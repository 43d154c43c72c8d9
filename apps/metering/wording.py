"""Words for what a usage record says."""

from django.utils.translation import gettext_lazy as _

JUMPS = {
    "rollover": _("the counter rolled over"),
    "restart": _("the counter started again from zero"),
    "reset": _("a declared reset"),
    "exchange": _("a declared exchange of the meter"),
    "correction": _("a declared correction of the usage"),
    "released": _("a step that a person released"),
    "several": _("several declared jumps"),
}


def jump_words(kind: str) -> str:
    return str(JUMPS.get(kind, kind))
