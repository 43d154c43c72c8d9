"""Declarations by programs: a counter's reset, exchange or correction; taking one back; the list."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError as Impossible
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.assets.models import Asset
from apps.common.api_fields import ExactNumber, InstantField
from apps.common.ids import BadId, decode
from apps.telemetry.models import Channel, Declaration, Device
from apps.telemetry.operations.declaring import declare, withdraw_declaration

MOST_DECLARATIONS = 1000
Written = TypeVar("Written")
JUMPS = ("reset", "exchange", "correction")


class DeclarationBody(serializers.Serializer[Any]):
    """A declaration to make; values in the channel's unit."""

    asset = serializers.CharField(max_length=80)
    channel = serializers.CharField(max_length=40)
    kind = serializers.ChoiceField(choices=JUMPS)
    at = InstantField()
    closing = ExactNumber(required=False, allow_null=True, default=None)
    opening = ExactNumber(required=False, allow_null=True, default=None)
    amount = ExactNumber(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        takes = {"exchange": ("closing", "opening"), "correction": ("amount",)}
        wanted = takes.get(attrs["kind"], ())
        for name in ("closing", "opening", "amount"):
            if (attrs[name] is not None) != (name in wanted):
                word = "needs" if name in wanted else "has no"
                raise ValidationError({name: f"a declaration of this kind {word} such a value"})
        return attrs


class WithdrawalBody(serializers.Serializer[Any]):
    """Why a declaration is taken back."""

    reason = serializers.CharField(max_length=200)


class DeclarationRow(serializers.Serializer[Any]):
    """One declaration; instants in UTC. `state`: counts, waiting (for a second person), withdrawn.

    `meter`: the version of a meter it is about, `gone` where it is to be taken away.
    """

    id = serializers.CharField(source="public_id")
    channel = serializers.CharField(source="channel.code")
    kind = serializers.CharField()
    at = InstantField(source="measured_at")
    closing = ExactNumber(allow_null=True)
    opening = ExactNumber(allow_null=True)
    amount = ExactNumber(allow_null=True)
    meter = serializers.JSONField(allow_null=True)
    reason = serializers.CharField()
    declared_by = serializers.CharField()
    declared_at = InstantField()
    state = serializers.CharField()
    confirmed_by = serializers.CharField()
    confirmed_at = InstantField(allow_null=True)
    withdrawn_by = serializers.CharField()
    withdrawn_at = InstantField(allow_null=True)
    withdrawn_reason = serializers.CharField()


class DeclarationRows(serializers.Serializer[Any]):
    """Declarations of an asset, latest first."""

    declarations = DeclarationRow(many=True)


_CORRECTION = OpenApiExample(
    "Five hours that the counter missed", request_only=True,
    value={"asset": "ast_01jd0000000000000000000000", "channel": "hours", "kind": "correction",
           "at": "2026-10-14T10:30:00+02:00", "amount": "5", "reason": "The sensor hung."},
)  # fmt: skip


class Declarations(APIView):
    """What was declared of an own asset's channels."""

    scope = "read"
    capability = "read_data"

    @extend_schema(
        parameters=[OpenApiParameter("channel", str, description="The code of one channel only.")],
        responses=DeclarationRows,
    )
    def get(self, request: Request, asset_id: UUID) -> Response:
        channels = Channel.objects.filter(asset_id=asset_id)
        if not channels.exists():
            raise NotFound
        code = request.query_params.get("channel")
        if code is not None:
            channels = channels.filter(code=code.replace("\0", ""))
        rows = Declaration.objects.filter(channel__in=channels).select_related("channel")
        found = rows.order_by("-declared_at", "-id")[:MOST_DECLARATIONS]
        return Response({"declarations": DeclarationRow(found, many=True).data})


class NewDeclaration(APIView):
    """Declare a reset, exchange or correction. The same again is answered 200 and changes nothing."""

    scope = "declare"
    capability = "declare_usage"

    @extend_schema(
        request=DeclarationBody, responses={201: DeclarationRow, 200: DeclarationRow},
        examples=[_CORRECTION],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        body = DeclarationBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        facts = {
            "channel": named_channel(request, data["asset"], data["channel"]), "kind": data["kind"],
            "measured_at": data["at"], "closing": data["closing"], "opening": data["opening"],
            "amount": data["amount"],
        }  # fmt: skip
        standing = Declaration.objects.filter(**facts, withdrawn_at=None).first()
        if standing is not None:
            return Response(DeclarationRow(standing).data)
        made = done(
            lambda: declare(**facts, reason=data["reason"], by=who_of(request), now=timezone.now())
        )
        return Response(DeclarationRow(made).data, status=201)


class Withdrawal(APIView):
    """Take a declaration back."""

    scope = "declare"
    capability = "declare_usage"

    @extend_schema(request=WithdrawalBody, responses=DeclarationRow)
    def post(self, request: Request, declaration_id: UUID) -> Response:
        body = WithdrawalBody(data=request.data)
        body.is_valid(raise_exception=True)
        found = Declaration.objects.filter(pk=declaration_id).select_related("channel").first()
        if found is None or found.channel not in open_channels(request):
            raise NotFound
        reason = body.validated_data["reason"]
        gone = done(
            lambda: withdraw_declaration(
                declaration=found, reason=reason, by=who_of(request), now=timezone.now()
            )
        )
        return Response(DeclarationRow(gone).data)


def named_channel(request: Request, asset: str, code: str) -> Channel:
    """An own channel the key may speak of. Raises ValidationError naming the field."""
    try:
        key = decode(Asset.prefix, asset)
    except (BadId, ValueError):
        raise ValidationError({"asset": "no such asset here"}) from None
    found = open_channels(request).filter(asset_id=key, code=code).first()
    if found is None:
        raise ValidationError({"channel": "no such channel of this asset here"})
    return found


def open_channels(request: Request) -> Any:
    """The channels the key may speak of: a device's key, those of its asset."""
    device: UUID | None = request.auth.device_id  # type: ignore[union-attr]
    if device is None:
        return Channel.objects.all()
    assets = Device.objects.filter(pk=device, retired_at=None).values("asset_id")
    return Channel.objects.filter(asset_id__in=assets)


def done(write: Callable[[], Written]) -> Written:
    """What it wrote; a refusal is the API's, by field."""
    try:
        with transaction.atomic():
            return write()
    except Impossible as error:
        known = getattr(error, "message_dict", None) or {"declaration": error.messages}
        raise ValidationError(known) from None


def who_of(request: Request) -> str:
    """The key by its name, as what it writes names it."""
    key: Any = request.auth
    return f"API key {key.name} (…{key.hint})"
