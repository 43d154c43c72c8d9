"""Reads of telemetry, of the current company's own data."""

from apps.telemetry.queries.overview import (
    asset_sparklines,
    channels_of,
    daily_usage,
    latest_values,
)
from apps.telemetry.queries.quarantine import disbelieved_readings, open_counts, refused_items
from apps.telemetry.queries.readings import (
    latest,
    next_reading,
    readings_between,
    series,
    stored_readings,
    value_at,
)

__all__ = [
    "asset_sparklines",
    "channels_of",
    "daily_usage",
    "disbelieved_readings",
    "latest",
    "latest_values",
    "next_reading",
    "open_counts",
    "readings_between",
    "refused_items",
    "series",
    "stored_readings",
    "value_at",
]
