"""What an owner offers: an asset for nothing or for a price, and when the title passes."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

MOST_DEFECTS = 50
LONGEST_DEFECT = 200
MOST_WARRANTY_MONTHS = 240


@dataclass(frozen=True, slots=True)
class TransferTerms:
    """`price_minor` without tax, in the seller's currency; None: for nothing.

    `delivery_on`: the day the asset is handed over; `title_on`: `acceptance` or `payment`; a warranty
    of so many months begins when the title passes.
    """

    buyer_id: int
    delivery_on: date
    price_minor: int | None = None
    title_on: str = "acceptance"
    tax_category: str = "S"
    payment_days: int = 14
    warranty_months: int | None = None
    note: str = ""


def warranty_days(months: int | None, begins_on: date) -> tuple[date | None, date | None]:
    """The first and the last day of a warranty; of none neither.

    Twelve months from 5 November end with 4 November, from 29 February with 28 February.
    """
    if months is None:
        return None, None
    return begins_on, _months_after(begins_on, months) - timedelta(days=1)


def _months_after(day: date, months: int) -> date:
    """The same day so many months later; where that month is shorter the first day after it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    if day.day <= calendar.monthrange(year, month)[1]:
        return day.replace(year=year, month=month)
    return date(year + month // 12, month % 12 + 1, 1)


def written_defects(text: str) -> list[str]:
    """Defects as written one a line, without empty ones."""
    lines = (line.strip()[:LONGEST_DEFECT] for line in text.splitlines())
    return [line for line in lines if line][:MOST_DEFECTS]
