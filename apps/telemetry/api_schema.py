"""The OpenAPI document, and what it says of the intake, whose views are plain Django for speed."""

from typing import Any

from drf_spectacular.views import SpectacularAPIView

_ITEM = {
    "type": "object",
    "required": ["position", "status"],
    "properties": {
        "position": {"type": "integer"},
        "status": {"type": "string", "enum": ["accepted", "duplicate", "conflict", "refused"]},
        "id": {"type": "string"},
        "reason": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_ANSWER = {
    "type": "object",
    "properties": {
        **{
            name: {"type": "integer"} for name in ("accepted", "duplicates", "conflicts", "refused")
        },
        "items": {"type": "array", "items": _ITEM},
    },
}
_EVENT = {
    "specversion": "1.0", "type": "peruse.reading", "source": "/hall-2/gateway", "id": "8731",
    "subject": "ast_01jd0000000000000000000000/hours", "time": "2026-11-01T10:00:00Z",
    "data": {"value": "1204.5", "unit": "h"},
}  # fmt: skip
_TELEMETRY = {"ts": 1793527200000, "values": {"hours": "1204.5", "pressure": 7.2}}
_PROBLEMS = {
    "400": "The body cannot be decoded", "401": "No valid key", "403": "The key has another scope",
    "413": "Too large", "415": "Unknown content type", "429": "Too many requests; see Retry-After",
    "503": "The database is away; nothing was kept",
}  # fmt: skip


class Schema(SpectacularAPIView):
    """The OpenAPI description of this API; anybody may read it."""

    authentication_classes = ()
    permission_classes = ()
    capability = "anybody"
    custom_settings = {
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "apps.telemetry.api_schema.add_intake",
        ],
        "OAS_VERSION": "3.1.0",
    }  # fmt: skip


def add_intake(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """A hook of drf-spectacular that adds the two intake paths."""
    events = {
        "application/cloudevents+json": {"example": _EVENT, "schema": {"type": "object"}},
        "application/cloudevents-batch+json": {
            "example": [_EVENT], "schema": {"type": "array", "items": {"type": "object"}},
        },
        "application/json": {"example": _EVENT, "schema": {}},
    }  # fmt: skip
    telemetry = {"application/json": {"example": _TELEMETRY, "schema": {}}}
    result["paths"]["/api/v1/events"] = _post(
        "post_events", "Send readings as CloudEvents 1.0: single, batch, or binary mode.", events
    )
    result["paths"]["/api/v1/telemetry"] = _post(
        "post_telemetry", "Send readings in ThingsBoard's form, with a device's key.", telemetry
    )
    return result


def _post(name: str, summary: str, content: dict[str, Any]) -> dict[str, Any]:
    problems = {
        status: {"description": text, "content": {"application/problem+json": {}}}
        for status, text in _PROBLEMS.items()
    }
    answer = {"description": "An answer for every item", "content": {
        "application/json": {"schema": _ANSWER},
    }}  # fmt: skip
    return {"post": {
        "operationId": name, "summary": summary, "tags": ["intake"],
        "requestBody": {"required": True, "content": content},
        "responses": {"200": answer, **problems},
    }}  # fmt: skip
