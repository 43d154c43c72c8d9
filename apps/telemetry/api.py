"""Readings in over HTTP: an answer for every item, nothing acknowledged before it is committed."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from apps.accounts.api import key_of
from apps.accounts.models import ApiKey
from apps.assets.models import Asset
from apps.common.ids import encode
from apps.telemetry.limits import WAIT_WHEN_FULL, is_month_full, seconds_to_wait
from apps.telemetry.models import Device
from apps.telemetry.operations import Outcome, take_in
from apps.telemetry.operations.channels import company_key
from apps.telemetry.operations.quarantine import keep_unreadable
from apps.telemetry.wire import (
    Message,
    TooMany,
    Unreadable,
    read_batch,
    read_binary,
    read_single,
    read_telemetry,
)
from apps.telemetry.wording import in_words

LARGEST_BODY = 20 * 1024 * 1024
SINGLE, BATCH, PLAIN = (
    "application/cloudevents+json", "application/cloudevents-batch+json", "application/json",
)  # fmt: skip
_devices: dict[Any, Device] = {}


class ItemAnswer(msgspec.Struct, omit_defaults=True, gc=False):
    """What became of one item."""

    position: int
    status: str
    id: str = ""
    reason: str = ""
    detail: str = ""


class Answer(msgspec.Struct):
    """Counts and the items in their order."""

    accepted: int
    duplicates: int
    conflicts: int
    refused: int
    items: list[ItemAnswer]


class Refused(Exception):
    """The whole request is refused: a status, a title, a detail and headers."""

    def __init__(self, status: int, title: str, detail: str = "", **headers: str) -> None:
        super().__init__(title)
        self.response = problem(status, title, detail, headers)


View = Callable[[HttpRequest, ApiKey], HttpResponse]


def problem(
    status: int, title: str, detail: str = "", headers: dict[str, str] | None = None
) -> HttpResponse:
    """RFC 9457 problem details."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail or title}
    named = {name.replace("_", "-"): text for name, text in (headers or {}).items()}
    return HttpResponse(
        msgspec.json.encode(body),
        status=status,
        content_type="application/problem+json",
        headers=named,
    )


def intake_view(view: View) -> Callable[[HttpRequest], HttpResponse]:
    """A POST of a key with the scope of intake, outside of any request transaction."""

    @csrf_exempt
    @transaction.non_atomic_requests
    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            return view(request, _admitted(request))
        except Refused as refused:
            return refused.response
        except Unreadable as error:
            return problem(400, "The body cannot be decoded", str(error))
        except TooMany as error:
            return problem(413, "Too many items", str(error))

    guarded.capability = "send_readings"  # type: ignore[attr-defined]
    guarded.__doc__ = view.__doc__
    guarded.__name__ = view.__name__
    return guarded


def _admitted(request: HttpRequest) -> ApiKey:
    if request.method != "POST":
        raise Refused(405, "Only POST is possible here", Allow="POST")
    key = key_of(request)
    if key is None:
        raise Refused(
            401,
            "A key is missing, unknown, expired or revoked",
            "Send a key: Authorization: Bearer prk_…",
            WWW_Authenticate="Bearer",
        )
    if key.scope != ApiKey.Scope.INTAKE:
        raise Refused(403, "This key may not send readings")
    wait = seconds_to_wait((company_key(), key.pk))
    if wait:
        raise Refused(429, "Too many requests", f"Wait {wait} s", Retry_After=str(wait))
    if is_month_full(company_key(), timezone.now()):
        raise Refused(
            429,
            "The plan of this company stores no more readings this month",
            "Keep them and send them again; a larger plan takes them at once",
            Retry_After=str(WAIT_WHEN_FULL),
        )
    return key


def _body(request: HttpRequest) -> bytes:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(415, "Send the body without compression")
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length[:12]) > LARGEST_BODY:
        raise Refused(413, "The body is too large", f"At most {LARGEST_BODY} bytes")
    try:
        return request.body
    except RequestDataTooBig:
        raise Refused(413, "The body is too large", f"At most {LARGEST_BODY} bytes") from None
    except UnreadablePostError:
        raise Refused(400, "The body ended early") from None


@intake_view
def post_events(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """CloudEvents 1.0: structured single and batch, and binary mode."""
    device = _device_of(key)
    message = _read_events(request, encode(Asset.prefix, device.asset_id) if device else "")
    return _taken(message, device, _source(key, device), timezone.now())


def _read_events(request: HttpRequest, asset: str) -> Message:
    kind = (request.content_type or "").lower()
    if kind not in (SINGLE, BATCH, PLAIN):
        raise Refused(415, "This content type is not known", f"{SINGLE}, {BATCH} or {PLAIN}")
    body = _body(request)
    if kind == PLAIN and "ce-specversion" in request.headers:
        return read_binary(request.headers, body, asset)
    if kind == BATCH or (kind == PLAIN and body.lstrip()[:1] == b"["):
        return read_batch(body, asset)
    return read_single(body, asset)


@intake_view
def post_telemetry(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """ThingsBoard's telemetry form; the key names the device and so the asset."""
    device = _device_of(key)
    if device is None:
        raise Refused(403, "This form needs a device's key")
    if (request.content_type or "").lower() != PLAIN:
        raise Refused(415, "This content type is not known", PLAIN)
    now = timezone.now()
    message = read_telemetry(_body(request), encode(Asset.prefix, device.asset_id), now)
    return _taken(message, device, _source(key, device), now)


def _taken(message: Message, device: Device | None, source: str, now: datetime) -> HttpResponse:
    outcomes = take_in(
        items=message.items, source=source, now=now, device=device, raw_of=message.raw_of
    )
    if message.malformed:
        keep_unreadable(
            problems=[
                (place, bad.reason, bad.params, message.raw_of(place))
                for place, bad in message.malformed.items()
            ],
            source=source, now=now,
        )  # fmt: skip
        outcomes = sorted([*outcomes, *message.malformed.values()], key=lambda each: each.position)
    return _answer(outcomes, message.ids)


def _answer(outcomes: Sequence[Outcome], ids: dict[int, str]) -> HttpResponse:
    items = [
        ItemAnswer(one.position, one.status, ids.get(one.position, ""), one.reason)
        for one in outcomes
    ]
    for item, outcome in zip(items, outcomes, strict=True):
        if outcome.reason:
            item.detail = in_words(outcome.reason, outcome.params)
    counts = Counter([outcome.status for outcome in outcomes])
    answer = Answer(
        counts["accepted"], counts["duplicate"], counts["conflict"], counts["refused"], items
    )
    return HttpResponse(msgspec.json.encode(answer), content_type="application/json")


def _device_of(key: ApiKey) -> Device | None:
    """The device the key is bound to; remembered, since a device never changes its asset."""
    if key.device_id is None:
        return None
    name: tuple[Any, UUID] = (company_key(), key.device_id)
    device = _devices.get(name) or _standing(key.device_id)
    if device is None:
        raise Refused(403, "The device of this key is no more")
    if not connection.in_atomic_block:
        _devices[name] = device
    return device


def _standing(device_id: UUID) -> Device | None:
    return Device.objects.filter(pk=device_id, retired_at=None).first()


def _source(key: ApiKey, device: Device | None) -> str:
    return f"device {device.public_id}" if device else f"key {key.public_id}"
