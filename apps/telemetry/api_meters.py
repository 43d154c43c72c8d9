"""Meters by programs: what a channel's meter is from an instant on, its exchange, taking a version back."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.api_fields import ExactNumber, InstantField
from apps.common.quantity import BadValue
from apps.telemetry.api_declarations import DeclarationRow, done, named_channel, who_of
from apps.telemetry.domain.meters import MeterVersion, judge_factor
from apps.telemetry.models import Channel, Declaration
from apps.telemetry.operations.declaring import declare
from apps.telemetry.operations.meters import describe_meter, withdraw_meter

HOLDS = "holds"


class FactorField(ExactNumber):
    """What one counted unit stands for: above zero, below 1,000,000,000, at most six decimals."""

    def to_internal_value(self, data: Any) -> Any:
        factor = super().to_internal_value(data)
        try:
            judge_factor(factor)
        except BadValue as bad:
            raise ValidationError(f"no factor: {bad.reason}") from None
        return factor


class MeterBody(serializers.Serializer[Any]):
    """What the meter is from `since` on; null: from the beginning. `verified_until`: its last day."""

    asset = serializers.CharField(max_length=80)
    channel = serializers.CharField(max_length=40)
    since = InstantField(allow_null=True, default=None)
    serial = serializers.CharField(max_length=80, allow_blank=True, default="")
    accuracy_class = serializers.CharField(max_length=40, allow_blank=True, default="")
    verified_until = serializers.DateField(allow_null=True, default=None)
    factor = FactorField(allow_null=True, default=None)
    reason = serializers.CharField(max_length=200)


class ExchangeBody(MeterBody):
    """Another meter at `at`: what the old one showed last, what the new one began with, and what it is."""

    since = None  # type: ignore[assignment]
    at = InstantField()
    closing = ExactNumber()
    opening = ExactNumber()


class MeterWithdrawalBody(serializers.Serializer[Any]):
    """Which version is taken back, and why."""

    asset = serializers.CharField(max_length=80)
    channel = serializers.CharField(max_length=40)
    since = InstantField(allow_null=True)
    reason = serializers.CharField(max_length=200)


class MeterRow(serializers.Serializer[Any]):
    """One version. `state`: holds, or waiting: `declaration` waits for a second person."""

    channel = serializers.CharField()
    since = InstantField(allow_null=True)
    serial = serializers.CharField()
    accuracy_class = serializers.CharField()
    verified_until = serializers.DateField(allow_null=True)
    factor = ExactNumber(allow_null=True)
    counted_in = serializers.CharField()
    billed_in = serializers.CharField()
    state = serializers.CharField()
    declaration = serializers.CharField(allow_null=True)


class MeterRows(serializers.Serializer[Any]):
    """The versions of an asset's meters that hold, the oldest first of each channel, and those that wait."""

    meters = MeterRow(many=True)


class ExchangeRow(serializers.Serializer[Any]):
    """The exchange as it was declared, and the new meter."""

    declaration = DeclarationRow()
    meter = MeterRow()


_CALIBRATED = OpenApiExample(
    "A pulse stands for 2.48 litres after a calibration", request_only=True,
    value={"asset": "ast_01jd0000000000000000000000", "channel": "water", "serial": "WZ-88120",
           "since": "2026-10-14T10:30:00+02:00", "verified_until": "2031-12-31", "factor": "2.48",
           "reason": "Calibrated on site."},
)  # fmt: skip


class Meters(APIView):
    """What is known of an own asset's meters."""

    scope = "read"
    capability = "read_data"

    @extend_schema(
        parameters=[OpenApiParameter("channel", str, description="The code of one channel only.")],
        responses=MeterRows,
    )
    def get(self, request: Request, asset_id: UUID) -> Response:
        channels = Channel.objects.filter(asset_id=asset_id)
        if not channels.exists():
            raise NotFound
        code = request.query_params.get("channel")
        if code is not None:
            channels = channels.filter(code=code.replace("\0", ""))
        rows = [
            _row(channel, version)
            for channel in channels.order_by("code") for version in channel.meter_versions
        ]  # fmt: skip
        waiting = Declaration.objects.filter(
            channel__in=channels, meter__isnull=False, confirmed_at=None, withdrawn_at=None
        )
        rows += [_waiting_row(item) for item in waiting.select_related("channel")]
        return Response({"meters": MeterRow(rows, many=True).data})


class NewMeter(APIView):
    """Say what a meter is. The same again is answered 200 and changes nothing.

    A factor that changes by more than the company's limit waits for a second person, who is never a key.
    """

    scope = "declare"
    capability = "declare_usage"

    @extend_schema(
        request=MeterBody, responses={201: MeterRow, 200: MeterRow}, examples=[_CALIBRATED]
    )
    def post(self, request: Request) -> Response:
        data = _judged(MeterBody(data=request.data))
        channel = named_channel(request, data["asset"], data["channel"])
        row, is_new = _described(request, channel, _version(data, data["since"]), data["reason"])
        return Response(MeterRow(row).data, status=201 if is_new else 200)


class NewExchange(APIView):
    """A counter's meter was exchanged: declared and described in one, or not at all."""

    scope = "declare"
    capability = "declare_usage"

    @extend_schema(request=ExchangeBody, responses={201: ExchangeRow, 200: ExchangeRow})
    def post(self, request: Request) -> Response:
        data = _judged(ExchangeBody(data=request.data))
        channel = named_channel(request, data["asset"], data["channel"])
        said, row, is_new = done(lambda: _exchanged(request, channel, data))
        answer = ExchangeRow({"declaration": said, "meter": row}).data
        return Response(answer, status=201 if is_new else 200)


class MeterWithdrawal(APIView):
    """Take a version back: the one before it holds on."""

    scope = "declare"
    capability = "declare_usage"

    @extend_schema(request=MeterWithdrawalBody, responses=MeterRows)
    def post(self, request: Request) -> Response:
        data = _judged(MeterWithdrawalBody(data=request.data))
        channel = named_channel(request, data["asset"], data["channel"])
        waiting = done(lambda: withdraw_meter(
            channel=channel, since=data["since"], reason=data["reason"], by=who_of(request),
            now=timezone.now(),
        ))  # fmt: skip
        channel.refresh_from_db()
        rows = [_row(channel, version) for version in channel.meter_versions]
        rows += [] if waiting is None else [_waiting_row(waiting)]
        return Response({"meters": MeterRow(rows, many=True).data})


def _judged(body: serializers.Serializer[Any]) -> dict[str, Any]:
    body.is_valid(raise_exception=True)
    found: dict[str, Any] = body.validated_data
    return found


def _version(data: dict[str, Any], since: Any) -> MeterVersion:
    return MeterVersion(
        since, data["serial"].strip(), data["accuracy_class"].strip(), data["verified_until"],
        data["factor"],
    )  # fmt: skip


def _described(
    request: Request, channel: Channel, version: MeterVersion, reason: str
) -> tuple[dict[str, Any], bool]:
    """The version as it stands now, and whether this said something new."""
    now = timezone.now()
    is_known = version in channel.meter_versions
    waiting = done(lambda: describe_meter(
        channel=channel, version=version, reason=reason, by=who_of(request), now=now
    ))  # fmt: skip
    if waiting is None:
        return _row(channel, version), not is_known
    return _waiting_row(waiting), waiting.declared_at == now


def _exchanged(
    request: Request, channel: Channel, data: dict[str, Any]
) -> tuple[Declaration, dict[str, Any], bool]:
    facts = {
        "channel": channel, "kind": Declaration.Kind.EXCHANGE, "measured_at": data["at"],
        "closing": data["closing"], "opening": data["opening"],
    }  # fmt: skip
    said = Declaration.objects.filter(**facts, withdrawn_at=None).first()
    is_new = said is None
    if said is None:
        who, now = who_of(request), timezone.now()
        said = declare(**facts, reason=data["reason"], by=who, now=now)
    channel.refresh_from_db()
    row, described = _described(request, channel, _version(data, data["at"]), data["reason"])
    return said, row, is_new or described


def _row(channel: Channel, version: MeterVersion) -> dict[str, Any]:
    return {
        "channel": channel.code, "since": version.since, "serial": version.serial,
        "accuracy_class": version.accuracy_class, "verified_until": version.verified_until,
        "factor": version.factor, "counted_in": channel.unit, "billed_in": channel.billed_unit,
        "state": HOLDS, "declaration": None,
    }  # fmt: skip


def _waiting_row(said: Declaration) -> dict[str, Any]:
    version = said.meter_version
    assert version is not None
    row = _row(said.channel, version)
    return {**row, "state": said.state, "declaration": said.public_id}
