"""An asset's life for programs."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.assets.queries import holdings_of, visible_assets
from apps.common.api_fields import InstantField
from apps.reporting.queries.timeline import timeline_of
from apps.tenancy.context import current_company

MOST_ROWS = 1000


class EntryRow(serializers.Serializer[Any]):
    """A day in an asset's life, or a stretch: `until` is its last day."""

    day = serializers.DateField()
    kind = serializers.CharField()
    who = serializers.CharField()
    what = serializers.CharField()
    target = serializers.CharField()
    note = serializers.CharField()
    until = serializers.DateField(allow_null=True)
    withdrawn = serializers.BooleanField()


class HoldingRow(serializers.Serializer[Any]):
    """Who holds a role, from an instant until before another; instants in UTC."""

    role = serializers.CharField()
    holder = serializers.CharField(source="holder_name")
    held_from = InstantField()
    held_until = InstantField(allow_null=True)


class TimelineBody(serializers.Serializer[Any]):
    """An asset's life, latest first, and its holders, the first first."""

    entries = EntryRow(many=True)
    holders = HoldingRow(many=True)


class AssetTimeline(APIView):
    """The life of an asset the company sees. Days are those of the company's zone."""

    scope = "read"
    capability = "read_data"

    @extend_schema(responses=TimelineBody)
    def get(self, request: Request, asset_id: UUID) -> Response:
        asset = visible_assets().filter(pk=asset_id).first()
        if asset is None:
            raise NotFound
        entries = timeline_of(asset, current_company().time_zone)[:MOST_ROWS]
        body = {"entries": entries, "holders": holdings_of(asset_id)[:MOST_ROWS]}
        return Response(TimelineBody(body).data)
