"""Calendar months that pages are about."""

from datetime import date, datetime

from apps.common.period import Period, add_months, local_date, month_period


def month_at(moment: datetime, zone: str) -> Period:
    """The month that `moment` lies in, by the days of `zone`."""
    return _month_of(local_date(moment, zone), zone)


def month_before(now: datetime, zone: str, back: int = 1) -> Period:
    """The month before the one of `now`, or as many before as `back` says."""
    return _month_of(add_months(local_date(now, zone).replace(day=1), -back), zone)


def _month_of(day: date, zone: str) -> Period:
    return month_period(f"{day:%Y-%m}", zone)
