"""An asset's data as a file: own readings, and what grants let through, which is logged."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction

from apps.assets.models import Asset, DataGrant, GrantRead
from apps.common.quantity import canonical
from apps.common.spreadsheets import Sheet
from apps.common.storage import drafted
from apps.events.models import Job
from apps.events.operations import enqueue, note_progress
from apps.telemetry.domain.granted import Slot
from apps.telemetry.door import grant_for, page_under_grant, slots_under_grant
from apps.telemetry.models import Channel
from apps.telemetry.queries.readings import readings_page
from apps.tenancy.context import current_company

JOB_KIND = "telemetry.export"
PAGE = 20_000
MOST_ROWS = 500_000
COLUMNS = ("asset", "channel", "title", "kind", "unit", "resolution", "time", "value")
EXPORTED = GrantRead.Act.EXPORTED


class TooMuch(ValueError):
    """More rows than one file holds."""


class Row(NamedTuple):
    """One line of the file."""

    time: datetime
    value: Decimal


@dataclass(slots=True)
class Tally:
    """How many rows are written."""

    rows: int = 0


class Part(NamedTuple):
    """One channel of the file: `resolution` as the own right or the grant has it."""

    code: str
    title: str
    kind: str
    unit: str
    resolution: str
    rows: Iterator[Row]


def start_export(
    *, asset_id: UUID, label: str, codes: list[str], start: datetime, end: datetime, form: str,
    now: datetime, actor: Any,
) -> Job | None:  # fmt: skip
    """Let a worker write the file. None when the same one is being written."""
    payload = {
        "asset": str(asset_id), "label": label, "codes": codes, "start": start.isoformat(),
        "end": end.isoformat(), "form": form, "reader": str(actor)[:200],
    }  # fmt: skip
    dedupe = f"{asset_id} {start:%Y%m%d} {end:%Y%m%d} {form}"
    return enqueue(
        kind=JOB_KIND, payload=payload, now=now, dedupe=dedupe, total=len(codes),
        requested_by=getattr(actor, "pk", None),
    )  # fmt: skip


def run_export(*, job: Job, now: datetime, clock: Callable[[], datetime]) -> dict[str, Any]:
    """Write the file of a job. Channels that no right covers any more are left out.

    `clock` renews the job's lease at every page of rows.
    """
    asked, form = job.payload, job.payload["form"]
    slug = current_company().slug
    with drafted(f"{slug}/drafts") as draft:
        text = io.TextIOWrapper(draft.file, encoding="utf-8", newline="")  # type: ignore[type-var]
        write = _write_json if form == "json" else _write_csv
        rows = write(text, Asset(pk=UUID(asked["asset"])).public_id, asked, _parts(job, now, clock))
        text.flush()
        name = f"{slug}/exports/{job.id.hex}.{form}"
        if default_storage.exists(name):
            default_storage.delete(name)
        default_storage.save(name, draft)
    return {"url": f"/data/exports/{job.public_id}/", "rows": rows, "file": name}


def _parts(job: Job, now: datetime, clock: Callable[[], datetime]) -> Iterator[Part]:
    asked = job.payload
    span = {
        "start": datetime.fromisoformat(asked["start"]), "end": datetime.fromisoformat(asked["end"])
    }  # fmt: skip
    for done, code in enumerate(asked["codes"]):
        part = _part(UUID(asked["asset"]), code, span, asked["reader"], now)
        if part is not None:
            yield part._replace(rows=_heard(part.rows, job, clock))
        note_progress(job=job, done=done + 1, now=clock())


def _heard(rows: Iterator[Row], job: Job, clock: Callable[[], datetime]) -> Iterator[Row]:
    """The rows, with a sign of life of the job after each page of them."""
    for number, row in enumerate(rows, start=1):
        yield row
        if number % PAGE == 0:
            note_progress(job=job, now=clock())


def _part(
    asset_id: UUID, code: str, span: dict[str, datetime], reader: str, now: datetime
) -> Part | None:
    own = Asset.objects.filter(pk=asset_id, author=current_company()).exists()
    if own:
        channel = Channel.objects.get(asset_id=asset_id, code=code)
        pages = lambda after: readings_page(channel, **span, limit=PAGE, after=after)  # noqa: E731
        return Part(code, channel.title, channel.kind, channel.unit, "raw", _paged(pages))
    grant = grant_for(asset_id=asset_id, channel_code=code, resolution="daily", now=now, **span)
    if grant is None:
        return None
    facts = grant.channel_facts.get(code, {})
    asked: dict[str, Any] = {
        "grant": grant, "channel_code": code, "reader": reader, "now": now, "act": EXPORTED, **span
    }  # fmt: skip
    kind = facts.get("kind", "counter")
    if grant.resolution == DataGrant.Resolution.RAW:
        rows = _paged(lambda after: _page(asked, after))
    else:
        rows = (_of_slot(slot, kind) for slot in slots_under_grant(**asked))
    return Part(
        code, facts.get("title", code), kind, facts.get("unit", "1"), grant.resolution, rows
    )


def _page(asked: dict[str, Any], after: Any) -> list[Any]:
    """A page and its log row, or neither."""
    with transaction.atomic():
        return page_under_grant(**asked, limit=PAGE, after=after)


def _paged(page_after: Any) -> Iterator[Row]:
    after = None
    while True:
        rows = page_after(after)
        yield from (Row(at, value) for at, _key, value in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1][:2]


def _of_slot(slot: Slot, kind: str) -> Row:
    return Row(slot.start, slot.usage if kind in ("counter", "delta") else slot.last_value)


def _counted(rows: Iterator[Row], tally: Tally) -> Iterator[Row]:
    for row in rows:
        tally.rows += 1
        if tally.rows > MOST_ROWS:
            raise TooMuch(f"more than {MOST_ROWS} rows: choose fewer days")
        yield row


def _write_csv(file: Any, asset: str, asked: dict[str, Any], parts: Iterator[Part]) -> int:
    sheet, tally = Sheet(file, line_end="\n"), Tally()
    sheet.row(COLUMNS)
    for part in parts:
        facts = (part.code, part.title, part.kind, part.unit, part.resolution)
        for row in _counted(part.rows, tally):
            sheet.row((asset, *facts, row.time.isoformat(), canonical(row.value)))
    return tally.rows


def _write_json(file: Any, asset: str, asked: dict[str, Any], parts: Iterator[Part]) -> int:
    head = {"asset": asset, "name": asked["label"], "from": asked["start"], "to": asked["end"]}
    file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "channels": [')
    tally = Tally()
    for place, part in enumerate(parts):
        facts = dict(zip(COLUMNS[1:6], part[:5], strict=True))
        file.write((", " if place else "") + json.dumps(facts, ensure_ascii=False)[:-1])
        file.write(', "rows": [')
        for count, row in enumerate(_counted(part.rows, tally)):
            item = {"time": row.time.isoformat(), "value": canonical(row.value)}
            file.write((", " if count else "") + json.dumps(item))
        file.write("]}")
    file.write("]}\n")
    return tally.rows
