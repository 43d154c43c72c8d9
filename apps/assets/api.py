"""Mountings by programs: record one, end one, read a component's or a host's."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as Refused
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.assets.domain.mounting import MountFacts
from apps.assets.models import Asset, Mounting
from apps.assets.operations import dismount_component, exchange_component
from apps.assets.queries import hosts_for_own, own_components, standing_mountings
from apps.common.api_fields import ExactNumber, InstantField
from apps.common.ids import BadId, decode
from apps.tenancy.context import current_company

MOST_ROWS = 1000


class MountingBody(serializers.Serializer[Any]):
    """A mounting to record. Assets by public id or serial number."""

    component = serializers.CharField(max_length=80)
    host = serializers.CharField(max_length=80)
    position = serializers.CharField(max_length=20)
    at = InstantField()
    value = ExactNumber(required=False, default=None)
    channel = serializers.CharField(max_length=40, required=False, default="")
    from_value = ExactNumber(required=False, default=None)


class EndBody(serializers.Serializer[Any]):
    """The end of a mounting."""

    at = InstantField()
    value = ExactNumber(required=False, default=None)


class MountingRow(serializers.Serializer[Any]):
    """One mounting; instants in UTC, values in `unit`."""

    id = serializers.CharField(source="public_id")
    component = serializers.CharField(source="component_public_id")
    component_label = serializers.CharField()
    host = serializers.CharField(source="host_public_id")
    host_label = serializers.CharField()
    position = serializers.CharField()
    factor = ExactNumber()
    channel = serializers.CharField(source="channel_code")
    unit = serializers.CharField()
    mounted_at = InstantField()
    mounted_value = ExactNumber(allow_null=True)
    dismounted_at = InstantField(allow_null=True)
    dismounted_value = ExactNumber(allow_null=True)


class MountingRows(serializers.Serializer[Any]):
    """Mountings, latest first."""

    mountings = MountingRow(many=True)


_EXAMPLE = OpenApiExample(
    "A tire moves", request_only=True,
    value={"component": "TIRE-0001", "host": "TRUCK-02", "position": "FL",
           "at": "2026-03-14T10:30:00+01:00", "value": "824310.5", "from_value": "412305.1"},
)  # fmt: skip


class NewMounting(APIView):
    """Mount a component; what sits at the position, and its own old place, end with it."""

    scope = "mount"
    capability = "record_mountings"

    @extend_schema(request=MountingBody, responses={201: MountingRow}, examples=[_EXAMPLE])
    def post(self, request: Request) -> Response:
        body = MountingBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        facts = MountFacts(
            _asset(own_components(), data["component"], "component").pk,
            _asset(hosts_for_own(), data["host"], "host").pk, data["position"], data["at"],
            data["value"], data["channel"],
        )  # fmt: skip
        made = _done(lambda: exchange_component(
            facts=facts, from_value=data["from_value"], now=timezone.now(), actor=_who(request)
        ))  # fmt: skip
        return Response(MountingRow(made).data, status=201)


class EndOfMounting(APIView):
    """Dismount a component; the same end again changes nothing."""

    scope = "mount"
    capability = "record_mountings"

    @extend_schema(request=EndBody, responses=MountingRow)
    def post(self, request: Request, mounting_id: UUID) -> Response:
        body = EndBody(data=request.data)
        body.is_valid(raise_exception=True)
        own = Mounting.objects.written_by(current_company())
        mounting = own.filter(pk=mounting_id, withdrawn_at=None).first()
        if mounting is None:
            raise NotFound
        ended = _done(lambda: dismount_component(
            mounting=mounting, **body.validated_data, now=timezone.now(), actor=_who(request)
        ))  # fmt: skip
        return Response(MountingRow(ended).data)


class Mountings(APIView):
    """What a component was mounted on, or what was mounted on a host; withdrawn ones left out."""

    scope = "read"
    capability = "read_data"

    @extend_schema(responses=MountingRows)
    def get(self, request: Request, asset_id: UUID) -> Response:
        if not Asset.objects.filter(pk=asset_id).exists():
            raise NotFound
        rows = standing_mountings()
        found = (rows.filter(component=asset_id) | rows.filter(host=asset_id))[:MOST_ROWS]
        return Response({"mountings": MountingRow(found, many=True).data})


def _asset(assets: Any, name: str, field: str) -> Asset:
    try:
        found = list(assets.filter(pk=decode(Asset.prefix, name)))
    except (BadId, ValueError):
        found = list(assets.filter(serial=name)[:2])
    if len(found) != 1:
        raise ValidationError({field: "no such asset here, or several of this serial number"})
    asset: Asset = found[0]
    return asset


def _done(write: Any) -> Mounting:
    try:
        with transaction.atomic():
            mounting: Mounting = write()
            return mounting
    except Refused as error:
        known = getattr(error, "message_dict", None) or {"mounting": error.messages}
        raise ValidationError(known) from None


def _who(request: Request) -> str:
    key: Any = request.auth
    return f"API key {key.name}"
