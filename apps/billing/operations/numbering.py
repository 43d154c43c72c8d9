"""Numbers without gaps: a counter per issuer and series, locked last in the issuing transaction."""

from apps.billing.models import NumberSeries
from apps.tenancy.context import current_company


def take_numbers(series: str, count: int) -> int:
    """Lock the counter, move it by the block, return the block's first number.

    It goes with the transaction: what fails gives its numbers back.
    """
    company = current_company()
    NumberSeries.objects.bulk_create(
        [NumberSeries(author=company, parties=[company.pk], series=series)], ignore_conflicts=True
    )
    counter = NumberSeries.objects.select_for_update().get(author=company, series=series)
    first = counter.next_number
    counter.next_number = first + count
    counter.save(update_fields=["next_number"])
    return first
