"""What one company's machines say: devices, channels, beliefs, roll-ups, refused items, imports.

Tenant schema: no foreign key leaves it. Asset ids are plain UUIDs with a label beside them.
The readings themselves lie in `telemetry_level` (month partitions) and `telemetry_delta`, tables
without a model, reached only through `apps.telemetry.queries` and `apps.telemetry.operations`.
"""

from apps.telemetry.models.channels import (
    Channel,
    ChannelDay,
    DerivedCarry,
    Device,
    Disbelief,
    Discontinuity,
    HourRollup,
    RefusedItem,
    RetentionEdge,
)
from apps.telemetry.models.declarations import CorrectionRule, Declaration
from apps.telemetry.models.imports import ImportProfile, ImportRun

__all__ = [
    "Channel",
    "ChannelDay",
    "CorrectionRule",
    "Declaration",
    "DerivedCarry",
    "Device",
    "Disbelief",
    "Discontinuity",
    "HourRollup",
    "ImportProfile",
    "ImportRun",
    "RefusedItem",
    "RetentionEdge",
]
