"""Counter values that mountings carry become readings of that instant, in the collector's company."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.assets.models import Asset, CounterNote, Mounting
from apps.assets.operations import note_counter_value
from apps.common.quantity import parse_decimal
from apps.telemetry.domain.intake import reason_text
from apps.telemetry.models import Channel, Declaration
from apps.telemetry.operations.declaring import declare
from apps.telemetry.operations.intake import take_in
from apps.telemetry.operations.judgement import Outcome, RawItem
from apps.tenancy.context import current_company

SOURCE = "mounting"
Edge = CounterNote.Edge
Said = CounterNote.Outcome


class _Given(NamedTuple):
    """A counter value that a mounting carries."""

    mounting: Mounting
    edge: str
    at: datetime
    value: Decimal


@transaction.atomic
def take_counter_values(*, mounting_ids: Iterable[uuid.UUID], now: datetime) -> int:
    """Store the values of mountings on own hosts as readings; of a conflict the first stays.

    Each outcome is noted for the parties of the mounting. Twice is once. Returns how many values.
    """
    rows = _on_own_hosts(mounting_ids)
    given = [item for row in rows if row.withdrawn_at is None for item in _values(row)]
    items = [
        RawItem(
            place, item.mounting.host_public_id, item.mounting.channel_code, item.at,
            item.value, unit=item.mounting.unit, id=f"{item.mounting.public_id}-{item.edge}",
        )
        for place, item in enumerate(given)
    ]  # fmt: skip
    outcomes = take_in(items=items, source=SOURCE, now=now)
    for item, outcome in zip(given, outcomes, strict=True):
        _note(item, outcome, now)
    return len(given)


@transaction.atomic
def disown_counter_values(*, mounting_ids: Iterable[uuid.UUID], now: datetime) -> int:
    """Disbelieve the readings of withdrawn mountings that no standing mounting carries too."""
    count = 0
    for row in _on_own_hosts(mounting_ids):
        channel = Channel.objects.filter(asset_id=row.host_id, code=row.channel_code).first()
        if row.withdrawn_at is None or channel is None:
            continue
        for item in _values(row):
            if not _was_stored(item) or _is_carried(item):
                continue
            declare(
                channel=channel, kind=Declaration.Kind.DISBELIEVE, measured_at=item.at,
                reason=_("mounting withdrawn: %(reason)s") % {"reason": row.withdrawn_reason},
                by=row.withdrawn_by, now=now,
            )  # fmt: skip
            count += 1
    return count


def _on_own_hosts(mounting_ids: Iterable[uuid.UUID]) -> list[Mounting]:
    """Mountings of companies that the host's passport names as more than its customer."""
    own = Asset.objects.written_by(current_company())
    rows = Mounting.objects.filter(pk__in=list(mounting_ids), collector=current_company())
    hosts = own.in_bulk(rows.values_list("host", flat=True))
    return [
        row for row in rows.order_by("mounted_at", "id")
        if (host := hosts.get(row.host_id)) is not None
        and row.author_id in (host.author_id, host.provider_id, host.owner_id, host.manufacturer_id)
    ]  # fmt: skip


def _values(row: Mounting) -> list[_Given]:
    edges = (
        (Edge.MOUNTED, row.mounted_at, row.mounted_value),
        (Edge.DISMOUNTED, row.dismounted_at, row.dismounted_value),
    )
    return [
        _Given(row, edge.value, at, value)
        for edge, at, value in edges
        if at is not None and value is not None
    ]


def _note(item: _Given, outcome: Outcome, now: datetime) -> None:
    said, standing, reason = Said.STORED, None, ""
    if outcome.status == "conflict":
        said, standing = Said.CONFLICT, parse_decimal(outcome.params["stored"])
    elif outcome.status == "refused":
        language = str(current_company().language)
        said, reason = Said.REFUSED, reason_text(outcome.reason, outcome.params, language)
    note_counter_value(
        mounting=item.mounting, edge=item.edge, outcome=said.value, standing=standing,
        reason=reason, now=now,
    )  # fmt: skip


def _was_stored(item: _Given) -> bool:
    return CounterNote.objects.filter(
        author=current_company(), mounting=item.mounting, edge=item.edge, outcome=Said.STORED
    ).exists()


def _is_carried(item: _Given) -> bool:
    """Whether another mounting says the same of this host at this instant."""
    same = Q(mounted_at=item.at, mounted_value=item.value) | Q(
        dismounted_at=item.at, dismounted_value=item.value
    )
    standing = Mounting.objects.filter(
        same, withdrawn_at=None, host=item.mounting.host_id, channel_code=item.mounting.channel_code
    )
    return standing.exists()
