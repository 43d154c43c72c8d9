"""Sources of a covered channel in words. Usage and billing use the same."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contracts.wording import measured
from apps.telemetry.domain.sources import (
    CHANNEL,
    DECLARED,
    DEVICE,
    MARK,
    PARK,
    MeterTerms,
)

EXPIRED = {
    MARK: gettext_lazy("the usage is marked"),
    PARK: gettext_lazy("nothing is billed until it is verified"),
}
SOURCE_PROBLEMS = {
    "bad_sources": gettext_lazy("Name up to four channels, each once."),
    "device_first": gettext_lazy("What the customer declares has no other source after it."),
    "bad_silence": gettext_lazy("From 1 to 8,784 hours."),
    "bad_deviation": gettext_lazy("From 0 to 1,000 percent."),
    "bad_expired": gettext_lazy("Choose what an expired verification does."),
}


def source_words(source: str) -> str:
    """One source as a page names it."""
    if source == DEVICE:
        return _("the device")
    if source == DECLARED:
        return _("what the customer declared")
    return _("channel %s") % source.removeprefix(CHANNEL)


def terms_words(terms: MeterTerms) -> list[str]:
    """What was agreed of the sources; nothing where the device alone counts."""
    said = []
    if terms.is_declared:
        said.append(_("the customer declares the readings"))
    if terms.has_fallbacks:
        names = ", ".join(map(source_words, terms.sources[1:]))
        words = {"names": names, "silence": measured(terms.silent_after, "h")}
        said.append(_("after %(silence)s of silence stands in: %(names)s") % words)
    if terms.deviation is not None:
        said.append(_("others may differ by %s %%") % measured(terms.deviation, ""))
    if terms.expired == PARK:
        said.append(_("with an expired verification nothing is billed"))
    return said
