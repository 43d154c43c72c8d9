"""Service levels in words, for the page and the sheet."""

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from apps.common.quantity import format_quantity
from apps.contracts.domain.service import ServiceHours
from apps.contracts.models import Contract

SERVICE_DAYS = {
    "all": gettext_lazy("all days"),
    "mon_sat": gettext_lazy("Monday to Saturday"),
    "mon_fri": gettext_lazy("Monday to Friday"),
}
_WITHIN = {
    "answer_hours": gettext_lazy("An answer within %(time)s of a report."),
    "on_site_hours": gettext_lazy("Somebody on site within %(time)s of a report."),
    "repair_hours": gettext_lazy("Back in service within %(time)s of a report."),
}


def service_words(contract: Contract) -> list[str]:
    """A sentence each; what is not promised is not told."""
    levels = contract.service_levels
    words = [str(_WITHIN[name]) % {"time": _time(count)} for name, count in levels.within.items()]
    if words:
        words.append(_hours(levels.hours))
    if levels.availability is not None:
        percent = f"{format_quantity(levels.availability, get_language() or 'en')}\u00a0%"
        text = _("Availability of each covered asset: at least %(percent)s of each billing period.")
        words.append(text % {"percent": percent})
    return words


def _time(hours: int) -> str:
    return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}


def _hours(hours: ServiceHours) -> str:
    days = SERVICE_DAYS[hours.days]
    if hours.are_whole_days:
        return _("Hours count: %(days)s, round the clock.") % {"days": days}
    closes = "24:00" if f"{hours.closes:%H:%M}" == "00:00" else f"{hours.closes:%H:%M}"
    text = _("Hours count: %(days)s, %(opens)s to %(closes)s.")
    return text % {"days": days, "opens": f"{hours.opens:%H:%M}", "closes": closes}
