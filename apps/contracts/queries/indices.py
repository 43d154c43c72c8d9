"""Price indices: which there are, and the value a period is priced with."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, Max, QuerySet

from apps.contracts.models import PriceIndexSeries, PriceIndexValue
from apps.pricing.circumstances import IndexValue
from apps.tenancy.context import current_company


def visible_series() -> QuerySet[PriceIndexSeries]:
    """Own series, and those that contracts with the company follow."""
    rows: QuerySet[PriceIndexSeries] = PriceIndexSeries.objects.select_related("author")
    return rows.annotate(value_count=Count("values"), last_published=Max("values__published_on"))


def own_series() -> QuerySet[PriceIndexSeries]:
    rows: QuerySet[PriceIndexSeries] = PriceIndexSeries.objects.written_by(current_company())
    return rows


@dataclass(slots=True)
class IndexBook:
    """Published values by author and series, in the order of publication."""

    _values: dict[tuple[int, str], list[tuple[date, IndexValue]]] = field(default_factory=dict)

    def before(self, author: int, code: str, day: date) -> IndexValue | None:
        """The last value published before a day; of two published together the later month's."""
        found = [value for known, value in self._values.get((author, code), []) if known < day]
        return found[-1] if found else None

    def known(self, author: int, codes: Iterable[str], day: date) -> tuple[IndexValue, ...]:
        """Of several series those that have a value; a missing one is the price's to refuse."""
        values = (self.before(author, code, day) for code in codes)
        return tuple(value for value in values if value is not None)


def index_book(authors: Iterable[int], codes: Iterable[str]) -> IndexBook:
    """One query; none where no price follows a series."""
    wanted = sorted(set(codes))
    if not wanted:
        return IndexBook()
    values: dict[tuple[int, str], list[tuple[date, IndexValue]]] = {}
    rows = PriceIndexValue.objects.filter(author__in=set(authors), series__code__in=wanted)
    for row in rows.select_related("series").order_by("published_on", "reference"):
        value = IndexValue(
            row.series.code, row.series.name, row.value, row.reference,
            row.published_on.isoformat(),
        )  # fmt: skip
        values.setdefault((row.author_id, row.series.code), []).append((row.published_on, value))
    return IndexBook(values)
