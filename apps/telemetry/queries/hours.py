"""Hours of a channel as they are rolled up."""

from datetime import datetime

from apps.telemetry.domain.granted import Slot
from apps.telemetry.models import Channel, HourRollup


def hours_of(channel: Channel, start: datetime, end: datetime) -> list[Slot]:
    """The hours that begin in [start, end), in order."""
    rows = HourRollup.objects.filter(channel=channel, hour__gte=start, hour__lt=end)
    fields = ("hour", "reading_count", "usage", "last_value", "minimum", "maximum")
    return [Slot(*row) for row in rows.order_by("hour").values_list(*fields)]
