"""Readings and usage out: own data, and another collector's under a grant, which is logged."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.assets.models import Asset, DataGrant
from apps.common.period import local_date, parse_instant, zone_of
from apps.common.quantity import BadValue, add, canonical
from apps.telemetry.door import (
    DoorClosed,
    channel_under_grant,
    grant_for,
    hours_under_grant,
    page_under_grant,
)
from apps.telemetry.models import Channel, HourRollup
from apps.telemetry.queries.readings import readings_page
from apps.tenancy.context import current_company_id

PAGE, LARGEST_PAGE = 500, 5000
SPAN = timedelta(days=1)
LONGEST = timedelta(days=3660)
Place = tuple[datetime, bytes]
Rows = TypeVar("Rows")


class ReadingRow(serializers.Serializer[Any]):
    """One believed reading."""

    measured_at = serializers.DateTimeField()
    value = serializers.CharField()


class ReadingPage(serializers.Serializer[Any]):
    """A page of believed readings; `next` is the cursor of the one after it, or null."""

    asset = serializers.CharField()
    channel = serializers.CharField()
    kind = serializers.CharField()
    unit = serializers.CharField()
    readings = ReadingRow(many=True)
    next = serializers.CharField(allow_null=True)


class UsageRow(serializers.Serializer[Any]):
    """Usage of one hour (`start`) or local day (`day`)."""

    start = serializers.CharField()
    usage = serializers.CharField()


class UsagePage(serializers.Serializer[Any]):
    """A page of usage."""

    asset = serializers.CharField()
    channel = serializers.CharField()
    unit = serializers.CharField()
    resolution = serializers.CharField()
    usage = UsageRow(many=True)
    next = serializers.CharField(allow_null=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for."""

    asset: Asset
    code: str
    start: datetime
    end: datetime
    limit: int
    after: Place | None
    reader: str
    now: datetime

    @property
    def is_own(self) -> bool:
        return self.asset.author_id == current_company_id()


_PARAMETERS = [
    OpenApiParameter("channel", str, required=True, description="The channel's code."),
    OpenApiParameter(
        "from", str, description="RFC 3339 with offset; a day before `to` by default."
    ),
    OpenApiParameter("to", str, description="RFC 3339 with offset, exclusive; now by default."),
    OpenApiParameter("limit", int, description=f"At most {LARGEST_PAGE}."),
    OpenApiParameter("cursor", str, description="`next` of the page before."),
]


class Readings(APIView):
    """Believed readings of one channel in order of time."""

    scope = "read"
    capability = "read_data"

    @extend_schema(
        parameters=_PARAMETERS, responses=ReadingPage,
        examples=[OpenApiExample("Two readings", value={
            "asset": "ast_01jd0000000000000000000000", "channel": "hours", "kind": "counter",
            "unit": "h", "next": None, "readings": [
                {"measured_at": "2026-11-01T10:00:00+00:00", "value": "1204.5"},
                {"measured_at": "2026-11-01T11:00:00+00:00", "value": "1205.25"},
            ],
        })],
    )  # fmt: skip
    def get(self, request: Request, asset_id: UUID) -> Response:
        wanted = _wanted(request, asset_id)
        channel, rows = _own_or_granted(wanted, _own_readings, _granted_readings)
        shown = rows[: wanted.limit]
        return Response({
            "asset": wanted.asset.public_id, "channel": channel.code, "kind": channel.kind,
            "unit": channel.unit, "next": _cursor(shown[-1][:2]) if len(rows) > len(shown) else None,
            "readings": [
                {"measured_at": at.isoformat(), "value": canonical(value)} for at, _, value in shown
            ],
        })  # fmt: skip


class Usage(APIView):
    """Usage of a counter or delta channel by hour, or by day in a zone."""

    scope = "read"
    capability = "read_data"

    @extend_schema(
        parameters=[
            *_PARAMETERS,
            OpenApiParameter("resolution", str, enum=["hourly", "daily"]),
            OpenApiParameter("zone", str, description="IANA zone of the days; UTC by default."),
        ],
        responses=UsagePage,
        examples=[OpenApiExample("Two days", value={
            "asset": "ast_01jd0000000000000000000000", "channel": "hours", "unit": "h",
            "resolution": "daily", "next": None, "usage": [
                {"start": "2026-11-01", "usage": "12.5"}, {"start": "2026-11-02", "usage": "8"},
            ],
        })],
    )  # fmt: skip
    def get(self, request: Request, asset_id: UUID) -> Response:
        wanted = _wanted(request, asset_id)
        resolution = _one_of(request, "resolution", ("daily", "hourly"))
        zone = _zone(request.query_params.get("zone", "UTC"))
        channel, hours = _own_or_granted(
            wanted, _own_hours, lambda asked: _granted_hours(asked, resolution)
        )
        rows = [(at.isoformat(), usage) for at, usage in hours]
        if resolution == "daily":
            rows = _by_day(hours, zone)
        shown, following = _cut(rows, wanted)
        return Response({
            "asset": wanted.asset.public_id, "channel": channel.code, "unit": channel.unit,
            "resolution": resolution, "next": following,
            "usage": [{"start": start, "usage": canonical(usage)} for start, usage in shown],
        })  # fmt: skip


def _wanted(request: Request, asset_id: UUID) -> Wanted:
    now = timezone.now()
    asset = Asset.objects.filter(pk=asset_id).first()
    if asset is None:
        raise NotFound
    end = _instant(request, "to", now)
    start = _instant(request, "from", end - SPAN)
    if not start < end or end - start > LONGEST:
        raise ValidationError({"from": "must be before `to`, by at most ten years"})
    code = request.query_params.get("channel", "")
    if not code or len(code) > 40 or "\0" in code:
        raise ValidationError({"channel": "name a channel's code"})
    after = _place(request.query_params.get("cursor", ""))
    key: Any = request.auth
    reader = f"API key {key.name} (…{key.hint})"
    return Wanted(asset, code, start, end, _limit(request), after, reader, now)


def _own_or_granted(
    wanted: Wanted,
    own: Callable[[Wanted, Channel], Rows],
    granted: Callable[[Wanted], tuple[Channel, Rows]],
) -> tuple[Channel, Rows]:
    if not wanted.is_own:
        try:
            return granted(wanted)
        except DoorClosed:
            raise NotFound from None
    channel = Channel.objects.filter(asset_id=wanted.asset.pk, code=wanted.code).first()
    if channel is None:
        raise NotFound
    return channel, own(wanted, channel)


def _own_readings(wanted: Wanted, channel: Channel) -> list[tuple[datetime, bytes, Decimal]]:
    return readings_page(channel, wanted.start, wanted.end, wanted.limit + 1, wanted.after)


def _granted_readings(
    wanted: Wanted,
) -> tuple[Channel, list[tuple[datetime, bytes, Decimal]]]:
    grant = _grant(wanted, DataGrant.Resolution.RAW)
    rows = page_under_grant(
        grant=grant,
        channel_code=wanted.code,
        start=wanted.start,
        end=wanted.end,
        reader=wanted.reader,
        now=wanted.now,
        limit=wanted.limit + 1,
        after=wanted.after,
    )
    return channel_under_grant(grant=grant, channel_code=wanted.code, now=wanted.now), rows


def _own_hours(wanted: Wanted, channel: Channel) -> list[tuple[datetime, Decimal]]:
    hours = HourRollup.objects.filter(channel=channel, hour__gte=wanted.start, hour__lt=wanted.end)
    return list(hours.order_by("hour").values_list("hour", "usage"))


def _granted_hours(
    wanted: Wanted, resolution: str
) -> tuple[Channel, list[tuple[datetime, Decimal]]]:
    grant = _grant(wanted, resolution)
    rows = hours_under_grant(
        grant=grant,
        channel_code=wanted.code,
        start=wanted.start,
        end=wanted.end,
        reader=wanted.reader,
        now=wanted.now,
        resolution=resolution,
    )
    return channel_under_grant(grant=grant, channel_code=wanted.code, now=wanted.now), rows


def _grant(wanted: Wanted, resolution: str) -> DataGrant:
    grant = grant_for(
        asset_id=wanted.asset.pk, channel_code=wanted.code, resolution=resolution, now=wanted.now
    )
    if grant is None:
        raise DoorClosed(wanted.code)
    return grant


def _by_day(hours: list[tuple[datetime, Decimal]], zone: str) -> list[tuple[str, Decimal]]:
    days: dict[str, Decimal] = {}
    for hour, usage in hours:
        day = local_date(hour, zone).isoformat()
        days[day] = add(days.get(day, Decimal(0)), usage)
    return list(days.items())


def _cut(
    rows: list[tuple[str, Decimal]], wanted: Wanted
) -> tuple[list[tuple[str, Decimal]], str | None]:
    """A page of usage; its cursor counts rows, since a range's rows are few."""
    skipped = int.from_bytes(wanted.after[1], "big") if wanted.after else 0
    shown = rows[skipped : skipped + wanted.limit]
    reached = skipped + len(shown)
    more = reached < len(rows)
    return shown, _cursor((wanted.start, reached.to_bytes(4, "big"))) if more else None


def _cursor(place: Place) -> str:
    text = f"{place[0].isoformat()}|{place[1].hex()}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(cursor: str) -> Place | None:
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        instant, _, key = base64.urlsafe_b64decode(padded).decode().partition("|")
        place = parse_instant(instant), bytes.fromhex(key)
    except (binascii.Error, UnicodeError, ValueError):
        raise ValidationError({"cursor": "this is no cursor of ours"}) from None
    if len(place[1]) > 16:
        raise ValidationError({"cursor": "this is no cursor of ours"})
    return place


def _instant(request: Request, name: str, default: datetime) -> datetime:
    text = request.query_params.get(name)
    try:
        return parse_instant(text.replace(" ", "+")) if text else default
    except BadValue:
        raise ValidationError(
            {name: "write RFC 3339 with an offset: 2026-03-01T12:00:00Z"}
        ) from None


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(PAGE))
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= LARGEST_PAGE:
        raise ValidationError({"limit": f"a number from 1 to {LARGEST_PAGE}"})
    return int(text)


def _one_of(request: Request, name: str, choices: tuple[str, ...]) -> str:
    found = request.query_params.get(name, choices[0])
    if found not in choices:
        raise ValidationError({name: f"one of {', '.join(choices)}"})
    return found


def _zone(name: str) -> str:
    try:
        zone_of(name)
    except BadValue:
        raise ValidationError({"zone": "an IANA zone such as Europe/Berlin"}) from None
    return name
