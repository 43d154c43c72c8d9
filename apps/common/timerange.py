"""The time range of a page, chosen once and kept in its address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.common.period import Period, add_months, local_date, whole_days

PRESETS: dict[str, str | Promise] = {
    "this_month": _("This month"),
    "last_month": _("Last month"),
    "30_days": _("Last 30 days"),
    "12_months": _("Last 12 months"),
}
LONGEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Whole local days: `first` and `last` are both included, `period` is half-open in UTC."""

    first: date
    last: date
    zone: str
    preset: str = ""

    @property
    def period(self) -> Period:
        return whole_days(self.first, self.last + timedelta(days=1), self.zone)

    @property
    def label(self) -> str | Promise:
        return PRESETS.get(self.preset, "")

    @property
    def presets(self) -> list[tuple[str, str | Promise, bool]]:
        return [(code, title, code == self.preset) for code, title in PRESETS.items()]

    @property
    def query(self) -> str:
        """The range as part of an address."""
        if self.preset:
            return f"range={self.preset}"
        return f"from={self.first.isoformat()}&to={self.last.isoformat()}"


def chosen_range(
    parameters: Mapping[str, str], *, now: datetime, zone: str, default: str = "30_days"
) -> TimeRange:
    """The range that `?from=…&to=…` or `?range=…` names; the default where they make no sense."""
    today = local_date(now, zone)
    first, last = _date(parameters.get("from")), _date(parameters.get("to"))
    if first and first <= (last or today) and (last or today) - first <= LONGEST:
        return TimeRange(first, last or today, zone)
    preset = parameters.get("range", default)
    return _preset(preset if preset in PRESETS else default, today, zone)


def _preset(code: str, today: date, zone: str) -> TimeRange:
    month = today.replace(day=1)
    if code == "this_month":
        return TimeRange(month, today, zone, code)
    if code == "last_month":
        return TimeRange(add_months(month, -1), month - timedelta(days=1), zone, code)
    if code == "12_months":
        return TimeRange(add_months(month, -11), today, zone, code)
    return TimeRange(today - timedelta(days=29), today, zone, code)


def _date(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 1970 <= found.year <= 2999 else None
