"""A correction as its page shows it: before, after and why, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.billing.models import Correction, Invoice, LineDispute
from apps.common.ids import decode
from apps.metering.domain.figures import UsageFigures
from apps.metering.models import UsageRecord
from apps.metering.queries.sources import sources_of
from apps.telemetry.models import Channel, Declaration
from apps.telemetry.queries.readings import StoredReading, readings_received_since
from apps.telemetry.queries.usage import channels_named
from apps.tenancy.context import current_company_id

SHOWN_READINGS = 50
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cause:
    """One item's usage record before and after, and what came in between.

    `days`: (local day, usage before, usage now) where they differ. `marks`: (UTC day, version
    before, version now) of the days the records rest on. `readings` and `declarations` are the
    collector's own; another company opens the record's readings under its grant.
    """

    before: UsageRecord | None
    after: UsageRecord
    was: UsageFigures | None
    now: UsageFigures
    days: list[tuple[str, Decimal | None, Decimal | None]]
    marks: list[tuple[str, int | None, int | None]]
    readings: list[StoredReading]
    declarations: list[Declaration]
    is_own: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """`changes` as stored, each with its `difference` in minor units."""

    correction: Correction
    invoice: Invoice | None
    documents: list[Invoice]
    changes: list[dict[str, Any]]
    causes: list[Cause]
    granted: list[LineDispute]


def correction_sheet(correction: Correction) -> Sheet:
    """Few queries for the sheet, three more for each cause that the company collected itself."""
    documents = list(correction.documents.order_by("kind"))
    first = Invoice.objects.filter(
        kind=Invoice.Kind.INVOICE, contract=correction.contract_id,
        period_start=correction.billed_period.start,
    ).first()  # fmt: skip
    changes = [
        {**row, "difference": row["after"]["net_minor"] - row["before"]["net_minor"]}
        for row in correction.changes
    ]
    keys = [
        decode(LineDispute.prefix, item["dispute"]) for item in correction.basis.get("granted", [])
    ]
    granted = LineDispute.objects.filter(id__in=keys).select_related("answer", "line", "invoice")
    return Sheet(
        correction, first, documents, changes, _causes(correction.causes),
        list(granted) if keys else [],
    )  # fmt: skip


def _causes(rows: Sequence[Mapping[str, Any]]) -> list[Cause]:
    keys = {key for row in rows for key in (row["before"], row["after"]) if key}
    records = UsageRecord.objects.select_related("author").in_bulk([UUID(key) for key in keys])
    return [
        _cause(records.get(UUID(row["before"])) if row["before"] else None,
               records[UUID(row["after"])])
        for row in rows if UUID(row["after"]) in records
    ]  # fmt: skip


def _cause(before: UsageRecord | None, after: UsageRecord) -> Cause:
    was = None if before is None else UsageFigures.from_dict(before.figures)
    now = UsageFigures.from_dict(after.figures)
    is_own = after.author_id == current_company_id()
    readings: list[StoredReading] = []
    declarations: list[Declaration] = []
    if is_own and before is not None:
        start = _earliest(after, now, was)
        for channel in _channels_of(after):
            readings += readings_received_since(
                channel, start, after.ends_at, before.recorded_at, SHOWN_READINGS
            )
            said = Declaration.objects.filter(
                channel=channel, declared_at__gt=before.recorded_at, measured_at__gt=start,
                measured_at__lte=after.ends_at,
            )  # fmt: skip
            declarations += said[:SHOWN_READINGS]
    return Cause(
        before, after, was, now, _days(was, now),
        _differing({} if was is None else was.versions, now.versions),
        readings, declarations, is_own,
    )  # fmt: skip


def _channels_of(record: UsageRecord) -> list[Channel]:
    """The item's own channel and its conditions', or those of a component's hosts."""
    named = [(source.asset_id, source.channel_code) for source in sources_of(record)]
    return list(channels_named(named).values())


def _earliest(record: UsageRecord, now: UsageFigures, was: UsageFigures | None) -> datetime:
    """A counter rests on its opening reading too, which may lie before the period."""
    openings = [item.opening.measured_at - _INSTANT for item in (now, was) if item and item.opening]
    return min([record.starts_at, *openings])


def _days(
    was: UsageFigures | None, now: UsageFigures
) -> list[tuple[str, Decimal | None, Decimal | None]]:
    before = {} if was is None else {day.day.isoformat(): day.quantity for day in was.daily}
    return _differing(before, {day.day.isoformat(): day.quantity for day in now.daily})


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    keys = sorted({*before, *after})
    return [(key, before.get(key), after.get(key)) for key in keys
            if before.get(key) != after.get(key)]  # fmt: skip
