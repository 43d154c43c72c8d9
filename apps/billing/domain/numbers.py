"""Document numbers: a series per issuer, kind and year, without gaps within it."""

from datetime import date

# An invoice's series is named by its year alone and printed with this head.
INVOICE_HEAD = "RE-"
CREDIT_HEAD = "RK-"
# What a company writes in its partners' names (389 and 261) has a series of its own.
SELF_BILLED_HEAD = "GS-"
REMINDER_HEAD = "MA-"


def series_of(issued_on: date, *, is_credit: bool = False) -> str:
    """The series of a document issued on that day: '2026-', of a credit note 'RK-2026-'.

    An additional invoice is numbered among the invoices.
    """
    return f"{CREDIT_HEAD if is_credit else ''}{issued_on.year:04d}-"


def self_billed_series(issued_on: date) -> str:
    """The series of self-billed documents issued on that day: 'GS-2026-'."""
    return f"{SELF_BILLED_HEAD}{issued_on.year:04d}-"


def reminder_series(sent_on: date) -> str:
    """The series of reminders sent on that day: 'MA-2026-'."""
    return f"{REMINDER_HEAD}{sent_on.year:04d}-"


def number_text(series: str, position: int) -> str:
    """'RE-2026-00001'; beyond 99,999 the number simply grows longer."""
    return f"{_head(series)}{position:05d}"


def position_of(series: str, number: str) -> int:
    """The position within the series. Raises ValueError for a number of another form."""
    head = _head(series)
    if not number.startswith(head):
        raise ValueError(f"{number} is not of series {series}")
    return int(number.removeprefix(head))


def _head(series: str) -> str:
    named = series.startswith((CREDIT_HEAD, SELF_BILLED_HEAD, REMINDER_HEAD))
    return series if named else f"{INVOICE_HEAD}{series}"
