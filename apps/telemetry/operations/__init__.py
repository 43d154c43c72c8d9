"""Writes of telemetry: taking readings in, judging them, rolling them up, importing files."""

from apps.telemetry.operations.channels import sync_channels
from apps.telemetry.operations.declared import SaidReading, take_declared
from apps.telemetry.operations.declaring import (
    confirm_declaration,
    declare,
    limit_corrections,
    withdraw_declaration,
)
from apps.telemetry.operations.devices import new_device_key, register_device
from apps.telemetry.operations.imports import preview_import, run_import, start_import
from apps.telemetry.operations.intake import take_in
from apps.telemetry.operations.judgement import Outcome, RawItem
from apps.telemetry.operations.judging import judge_disbelief, judge_refused
from apps.telemetry.operations.mountings import disown_counter_values, take_counter_values
from apps.telemetry.operations.retention import drop_old_months, keep_from, keep_readings_for
from apps.telemetry.operations.rollup import recompute_dirty

__all__ = [
    "Outcome",
    "RawItem",
    "SaidReading",
    "confirm_declaration",
    "declare",
    "disown_counter_values",
    "drop_old_months",
    "judge_disbelief",
    "judge_refused",
    "keep_from",
    "keep_readings_for",
    "limit_corrections",
    "new_device_key",
    "preview_import",
    "recompute_dirty",
    "register_device",
    "run_import",
    "start_import",
    "sync_channels",
    "take_counter_values",
    "take_declared",
    "take_in",
    "withdraw_declaration",
]
