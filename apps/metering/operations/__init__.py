"""Writes of metering: orders, billed periods, usage records, running usage."""

from apps.metering.operations.answering import answer_declared
from apps.metering.operations.collecting import record_wanted
from apps.metering.operations.components import follow_mountings, narrow_host_data
from apps.metering.operations.declaring import declare_reading, pass_on_readings, take_reading
from apps.metering.operations.late import record_late
from apps.metering.operations.metering import meter_periods
from apps.metering.operations.missing import tell_readable, want_missing
from apps.metering.operations.orders import (
    end_orders,
    follow_cover,
    follow_plan,
    note_evidenced,
    order_usage,
    write_orders,
)
from apps.metering.operations.provisional import open_periods, refresh_provisional
from apps.metering.queries import Metered, NotMetered

__all__ = [
    "Metered", "NotMetered", "answer_declared", "declare_reading", "end_orders", "follow_cover", "follow_mountings", "follow_plan", "meter_periods",
    "narrow_host_data", "note_evidenced", "open_periods", "order_usage", "pass_on_readings", "record_late", "record_wanted",
    "refresh_provisional", "take_reading", "tell_readable", "want_missing", "write_orders",
]  # fmt: skip
