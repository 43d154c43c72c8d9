"""Grants held, for programs that pull what was granted; and how an asset's devices are."""

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
from apps.assets.queries import held_grants
from apps.common.ids import BadId, decode
from apps.common.quantity import canonical
from apps.telemetry.door import health_under_grant
from apps.telemetry.queries.devices import DeviceHealth, device_health
from apps.tenancy.context import current_company_id

PAGE = 200


class GrantRow(serializers.Serializer[Any]):
    """A living grant the company holds; `channels` by code with title, kind and unit."""

    id = serializers.CharField()
    asset = serializers.CharField()
    asset_name = serializers.CharField()
    collector = serializers.CharField()
    kind = serializers.CharField()
    resolution = serializers.CharField()
    zone = serializers.CharField()
    channels = serializers.DictField()
    purpose = serializers.CharField()
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True)


class GrantPage(serializers.Serializer[Any]):
    """A page of grants; `next` is the cursor of the one after it, or null."""

    grants = GrantRow(many=True)
    next = serializers.CharField(allow_null=True)


class Grants(APIView):
    """Living grants the company holds, by id."""

    scope = "read"
    capability = "read_data"

    @extend_schema(
        parameters=[OpenApiParameter("cursor", str, description="`next` of the page before.")],
        responses=GrantPage,
        examples=[OpenApiExample("One grant", value={"next": None, "grants": [{
            "id": "grt_01jd0000000000000000000000", "asset": "ast_01jd0000000000000000000000",
            "asset_name": "Compressor hall 3", "collector": "Clearwash Services GmbH",
            "kind": "values", "resolution": "daily", "zone": "Europe/Berlin",
            "channels": {"hours": {"title": "Operating hours", "kind": "counter", "unit": "h"}},
            "purpose": "financing", "valid_from": "2026-09-01T00:00:00+02:00", "valid_until": None,
        }]})],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = held_grants(timezone.now()).order_by("pk")
        after = request.query_params.get("cursor")
        if after:
            rows = rows.filter(pk__gt=_cursor(after))
        found = list(rows[: PAGE + 1])
        shown = found[:PAGE]
        return Response({
            "grants": [_grant_row(grant) for grant in shown],
            "next": shown[-1].public_id if len(found) > PAGE else None,
        })  # fmt: skip


def _cursor(text: str) -> UUID:
    try:
        return decode(DataGrant.prefix, text)
    except (BadId, ValueError):
        raise ValidationError({"cursor": "this is no cursor of ours"}) from None


def _grant_row(grant: DataGrant) -> dict[str, Any]:
    return {
        "id": grant.public_id, "asset": grant.asset_public_id, "asset_name": grant.asset_label,
        "collector": grant.author.name, "kind": grant.kind, "resolution": grant.resolution,
        "zone": grant.time_zone,
        "channels": {code: grant.channel_facts.get(code, {}) for code in grant.channels},
        "purpose": grant.purpose, "valid_from": grant.valid_from.isoformat(),
        "valid_until": grant.valid_until and grant.valid_until.isoformat(),
    }  # fmt: skip


class HealthDevice(serializers.Serializer[Any]):
    """One device."""

    name = serializers.CharField()
    last_seen_at = serializers.DateTimeField(allow_null=True)
    firmware = serializers.CharField()


class HealthLevelRow(serializers.Serializer[Any]):
    """The last battery or signal."""

    code = serializers.CharField()
    value = serializers.CharField()
    unit = serializers.CharField()
    measured_at = serializers.DateTimeField()


class HealthPage(serializers.Serializer[Any]):
    """How an asset's devices are; nothing of what they measure."""

    asset = serializers.CharField()
    devices = HealthDevice(many=True)
    levels = HealthLevelRow(many=True)


class Health(APIView):
    """Last seen, firmware, battery and signal of an own asset, or under a grant of device health."""

    scope = "read"
    capability = "read_data"

    @extend_schema(
        responses=HealthPage,
        examples=[OpenApiExample("One gateway", value={
            "asset": "ast_01jd0000000000000000000000",
            "devices": [{"name": "Gateway", "last_seen_at": "2026-11-01T10:00:00+00:00",
                         "firmware": "2.4.1"}],
            "levels": [{"code": "battery", "value": "87", "unit": "%",
                        "measured_at": "2026-11-01T10:00:00+00:00"}],
        })],
    )  # fmt: skip
    def get(self, request: Request, asset_id: UUID) -> Response:
        key: Any = request.auth
        found = _health(asset_id, f"API key {key.name} (…{key.hint})")
        return Response({
            "asset": Asset(pk=asset_id).public_id,
            "devices": [
                {"name": name, "last_seen_at": seen and seen.isoformat(), "firmware": firmware}
                for name, seen, firmware in found.devices
            ],
            "levels": [
                {"code": row.code, "value": canonical(row.value), "unit": row.unit,
                 "measured_at": row.measured_at.isoformat()} for row in found.levels
            ],
        })  # fmt: skip


def _health(asset_id: UUID, reader: str) -> DeviceHealth:
    if Asset.objects.filter(pk=asset_id, author=current_company_id()).exists():
        return device_health(asset_id)
    now = timezone.now()
    grant = held_grants(now).filter(asset=asset_id, kind=DataGrant.Kind.HEALTH).first()
    try:
        if grant is not None:
            return health_under_grant(grant=grant, reader=reader, now=now)
    except NotGranted:
        pass
    raise NotFound
