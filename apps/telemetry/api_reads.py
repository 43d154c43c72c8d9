"""Readings and usage out: own data, and another collector's under a grant, which is logged."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.assets.models import Asset, DataGrant
from apps.assets.operations import NotGranted
from apps.common.ids import encode
from apps.common.period import parse_instant, zone_of
from apps.common.quantity import BadValue, canonical
from apps.telemetry.domain.granted import Slot, days_of
from apps.telemetry.door import (
    channel_under_grant,
    grant_for,
    page_under_grant,
    slots_under_grant,
)
from apps.telemetry.models import Channel
from apps.telemetry.queries.hours import hours_of
from apps.telemetry.queries.readings import readings_page
from apps.tenancy.context import current_company_id

PAGE, LARGEST_PAGE = 500, 5000
SPAN = timedelta(days=1)
LONGEST = timedelta(days=3660)
Place = tuple[datetime, bytes]


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
    """Usage of one hour or local day; of a level its last, lowest and highest value besides."""

    start = serializers.CharField()
    usage = serializers.CharField()
    last = serializers.CharField(required=False)
    minimum = serializers.CharField(required=False)
    maximum = serializers.CharField(required=False)


class UsagePage(serializers.Serializer[Any]):
    """A page of usage; `zone` is that of the days."""

    asset = serializers.CharField()
    channel = serializers.CharField()
    kind = serializers.CharField()
    unit = serializers.CharField()
    resolution = serializers.CharField()
    zone = serializers.CharField()
    usage = UsageRow(many=True)
    next = serializers.CharField(allow_null=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for."""

    asset_id: UUID
    is_own: bool
    code: str
    start: datetime
    end: datetime
    limit: int
    after: Place | None
    reader: str
    now: datetime

    @property
    def public_id(self) -> str:
        return encode(Asset.prefix, self.asset_id)

    @property
    def asked(self) -> dict[str, Any]:
        """What the door is told."""
        return {
            "channel_code": self.code, "start": self.start, "end": self.end, "reader": self.reader,
            "now": self.now,
        }  # fmt: skip


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
        channel, rows = _readings(wanted)
        shown = rows[: wanted.limit]
        return Response({
            "asset": wanted.public_id, "channel": channel.code, "kind": channel.kind,
            "unit": channel.unit, "next": _cursor(shown[-1][:2]) if len(rows) > len(shown) else None,
            "readings": [
                {"measured_at": at.isoformat(), "value": canonical(value)} for at, _, value in shown
            ],
        })  # fmt: skip


class Usage(APIView):
    """Usage of a channel by hour, or by day in a zone.

    Through a daily grant by the days of the grant's own zone; another one is refused.
    """

    scope = "read"
    capability = "read_data"

    @extend_schema(
        parameters=[
            *_PARAMETERS,
            OpenApiParameter("resolution", str, enum=["hourly", "daily"]),
            OpenApiParameter(
                "zone", str,
                description="IANA zone of the days; UTC by default, a daily grant's own.",
            ),
        ],
        responses=UsagePage,
        examples=[OpenApiExample("Two days", value={
            "asset": "ast_01jd0000000000000000000000", "channel": "hours", "kind": "counter",
            "unit": "h", "resolution": "daily", "zone": "Europe/Berlin", "next": None, "usage": [
                {"start": "2026-11-01", "usage": "12.5"}, {"start": "2026-11-02", "usage": "8"},
            ],
        })],
    )  # fmt: skip
    def get(self, request: Request, asset_id: UUID) -> Response:
        wanted = _wanted(request, asset_id)
        resolution = _one_of(request, "resolution", ("daily", "hourly"))
        channel, zone, slots = _slots(wanted, resolution, _zone(request))
        rows = [(slot.start.isoformat(), slot) for slot in slots]
        if resolution == "daily":
            rows = [(f"{day}", slot) for day, slot in days_of(slots, zone).items()]
        shown, following = _cut(rows, wanted)
        is_level = channel.kind in ("gauge", "state")
        return Response({
            "asset": wanted.public_id, "channel": channel.code, "kind": channel.kind,
            "unit": channel.unit, "resolution": resolution, "zone": zone, "next": following,
            "usage": [_usage_row(start, slot, is_level) for start, slot in shown],
        })  # fmt: skip


def _usage_row(start: str, slot: Slot, is_level: bool) -> dict[str, str]:
    row = {"start": start, "usage": canonical(slot.usage)}
    if is_level:
        row |= {
            "last": canonical(slot.last_value), "minimum": canonical(slot.minimum),
            "maximum": canonical(slot.maximum),
        }  # fmt: skip
    return row


def _wanted(request: Request, asset_id: UUID) -> Wanted:
    now = timezone.now()
    own = Asset.objects.filter(pk=asset_id, author=current_company_id()).exists()
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
    return Wanted(asset_id, own, code, start, end, _limit(request), after, reader, now)


def _own_channel(wanted: Wanted) -> Channel:
    channel = Channel.objects.filter(asset_id=wanted.asset_id, code=wanted.code).first()
    if channel is None:
        raise NotFound
    return channel


def _readings(wanted: Wanted) -> tuple[Channel, list[tuple[datetime, bytes, Decimal]]]:
    limit = wanted.limit + 1
    if wanted.is_own:
        channel = _own_channel(wanted)
        return channel, readings_page(channel, wanted.start, wanted.end, limit, wanted.after)
    grant = _grant(wanted, DataGrant.Resolution.RAW)
    try:
        rows = page_under_grant(grant=grant, limit=limit, after=wanted.after, **wanted.asked)
        return channel_under_grant(grant=grant, channel_code=wanted.code, now=wanted.now), rows
    except NotGranted:
        raise NotFound from None


def _slots(wanted: Wanted, resolution: str, zone: str) -> tuple[Channel, str, list[Slot]]:
    """The channel, the zone of its days, and hours or, under a daily grant, days."""
    if wanted.is_own:
        channel = _own_channel(wanted)
        return channel, zone or "UTC", hours_of(channel, wanted.start, wanted.end)
    grant = _grant(wanted, resolution)
    is_daily = grant.resolution == DataGrant.Resolution.DAILY
    if is_daily and zone not in ("", grant.time_zone):
        raise ValidationError({"zone": f"the days of this grant are those of {grant.time_zone}"})
    try:
        slots = slots_under_grant(grant=grant, **wanted.asked)
        channel = channel_under_grant(grant=grant, channel_code=wanted.code, now=wanted.now)
    except NotGranted:
        raise NotFound from None
    return channel, grant.time_zone if is_daily else zone or "UTC", slots


def _grant(wanted: Wanted, resolution: str) -> DataGrant:
    grant = grant_for(
        asset_id=wanted.asset_id, channel_code=wanted.code, resolution=resolution, now=wanted.now,
        start=wanted.start, end=wanted.end,
    )  # fmt: skip
    if grant is None:
        raise NotFound
    return grant


def _cut(rows: list[tuple[str, Slot]], wanted: Wanted) -> tuple[list[tuple[str, Slot]], str | None]:
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


def _zone(request: Request) -> str:
    """The zone asked for; empty for none."""
    name = request.query_params.get("zone", "")
    try:
        if name:
            zone_of(name)
    except BadValue:
        raise ValidationError({"zone": "an IANA zone such as Europe/Berlin"}) from None
    return name
