"""What a company's own readings say about the usage records it wrote."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from apps.billing.invariants.registry import of_company, rows
from apps.billing.queries.readings import covered_period, readings_by_source
from apps.metering.domain.components import COMPONENT
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.record_parts import OF_RECORD
from apps.metering.domain.usage import digest_of
from apps.metering.models import UsageRecord
from apps.metering.queries.sources import Source
from apps.tenancy.context import current_company_id

TABLES = ("telemetry_level", "telemetry_delta")
INSTANT = timedelta(microseconds=1)


@of_company("no reading is NaN or out of bounds")
def readings_bounded(now: datetime) -> Iterator[str]:
    for table in TABLES:
        for (count,) in rows(
            f"select count(*) from {table} "
            "where value = 'NaN' or abs(value) >= 1e18 having count(*) > 0"
        ):
            yield f"{count} rows of {table} are out of bounds"


@of_company("a level has one value at an instant, a delta one at an event")
def readings_once(now: datetime) -> Iterator[str]:
    for table, column in (("telemetry_level", "measured_at"), ("telemetry_delta", "event_key")):
        for channel, count in rows(
            f"select channel_id, count(*) from {table} "
            f"group by channel_id, {column} having count(*) > 1 limit 20"
        ):
            yield f"{table}: channel {channel} has {count} readings at one place"


@of_company("every channel-day's work is not ahead of what came in")
def marks_in_order(now: datetime) -> Iterator[str]:
    for (count,) in rows(
        "select count(*) from telemetry_channelday where done_version > version having count(*) > 0"
    ):
        yield f"{count} days are marked as worked in before their readings came"


@of_company("usage records name the digest of the readings they rest on")
def digests_match(now: datetime) -> Iterator[str]:
    """The newest record of each item; a late reading after it shows here until it is rated again."""
    own = UsageRecord.objects.written_by(current_company_id())
    newest = own.order_by("billed_period_id", "item_id", "-generation")
    for record in newest.distinct("billed_period_id", "item_id").select_related(
        "billed_period__contract"
    ):
        period = covered_period(record)
        found = readings_by_source(record, period, reader="check_invariants", now=now)
        stated = _stated(UsageFigures.from_dict(record.figures))
        for (source, readings), figures in zip(found, stated, strict=True):
            digest = digest_of(readings, is_delta=figures.method == "delta")
            same = digest == figures.readings_digest
            if readings and not same and not _moved_since(record, source, figures.versions):
                yield f"usage {record.id}: readings of {source.label} have another digest"


def _stated(figures: UsageFigures) -> list[UsageFigures]:
    """What is said of each channel: of the record's own and its conditions', of the hosts, or of the
    sources that stand in for one another."""
    others = [source.figures for source in figures.sources]
    return others if figures.method in (COMPONENT, OF_RECORD) else [figures, *others]


def _moved_since(record: UsageRecord, source: Source, rested_on: Mapping[str, int]) -> bool:
    """Whether a day the record rests on has a newer version: then it is late, not wrong."""
    period = record.billed_period
    found = rows(
        "select d.day::text, d.version, exists (select from telemetry_mark m "
        "where m.channel_id = d.channel_id and m.day = d.day) "
        "from telemetry_channelday d join telemetry_channel c on c.id = d.channel_id "
        "where c.asset_id = %s and c.code = %s "
        "and (d.day = any(%s::date[]) or d.day between %s and %s)",
        [
            source.asset_id,
            source.channel_code,
            list(rested_on),
            period.start.date(),
            (period.end - INSTANT).date(),
        ],
    )
    return any(marked or rested_on.get(day) != version for day, version, marked in found)
