"""Reads of metering: which periods are due, what was used in them."""

from apps.metering.queries.answers import Metered, NotMetered, UsagePreview
from apps.metering.queries.measuring import Asked, Measurement
from apps.metering.queries.periods import (
    covered_part,
    current_period,
    first_period,
    first_starts,
    orders_of,
    periods_due,
)
from apps.metering.queries.preview import usage_preview
from apps.metering.queries.records import latest_records, records_of_contract
from apps.metering.queries.retention import readings_needed_from
from apps.metering.queries.sorting import measure, measure_quantities

__all__ = [
    "Asked", "Measurement", "Metered", "NotMetered", "UsagePreview", "covered_part",
    "current_period", "first_period", "first_starts", "latest_records", "measure", "measure_quantities",
    "orders_of", "periods_due", "readings_needed_from", "records_of_contract", "usage_preview",
]  # fmt: skip
