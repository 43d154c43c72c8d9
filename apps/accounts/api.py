"""Keys at the API's door, and its errors as RFC 9457 problem details."""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, NotFound
from rest_framework.exceptions import PermissionDenied as Forbidden
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import ApiKey
from apps.accounts.operations import note_use
from apps.accounts.queries import key_by_secret

PROBLEM = "application/problem+json"
CAPABILITY_OF_SCOPE = {
    "intake": "send_readings",
    "read": "read_data",
    "mount": "record_mountings",
    "declare": "declare_usage",
}
_NO_KEY = "Send a valid key of this company as “Authorization: Bearer prk_…”."


class KeyHolder:
    """Who asks with a key: no person, but somebody."""

    is_authenticated = True
    is_anonymous = False
    is_active = True
    pk = None

    def __init__(self, key: ApiKey) -> None:
        self.key = key

    def __str__(self) -> str:
        return f"key {self.key}"


def key_of(request: HttpRequest) -> ApiKey | None:
    """The valid key that the request carries for the company of its host, and a note of its use.

    None without one, for another company's, a revoked or an expired one. The caller checks `scope`.
    """
    scheme, _space, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    now = timezone.now()
    key = key_by_secret(secret.strip(), now)
    if key is not None:
        note_use(key=key, now=now)
    return key


def for_keys(scope: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Let a plain view in by a key of this scope; the view finds it as `request.key`."""

    def declare(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            key = key_of(request)
            if key is None:
                return no_key()
            if key.scope != scope:
                return problem(403, f"This key may not do this; it needs the scope “{scope}”.")
            request.key = key  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        guarded.capability = CAPABILITY_OF_SCOPE[scope]  # type: ignore[attr-defined]
        return guarded

    return declare


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer prk_…` of the host's company; request.auth is the ApiKey."""

    def authenticate(self, request: Request) -> tuple[KeyHolder, ApiKey] | None:
        if not request.META.get("HTTP_AUTHORIZATION"):
            return None
        key = key_of(request._request)
        if key is None:
            raise AuthenticationFailed(_NO_KEY)
        return KeyHolder(key), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """The view names `scope`; the key must have it. A view without one lets nobody in."""

    message = "This key may not do this; it needs another scope."

    def has_permission(self, request: Request, view: Any) -> bool:
        key = request.auth
        wanted = getattr(view, "scope", None)
        return isinstance(key, ApiKey) and wanted is not None and key.scope == wanted


def problem(
    status: int, detail: str = "", *, headers: Mapping[str, str] | None = None, **members: Any
) -> JsonResponse:
    """An RFC 9457 answer; `members` such as `errors` are added to it."""
    body = _body(status, detail, members)
    return JsonResponse(body, status=status, content_type=PROBLEM, headers=dict(headers or {}))


def no_key() -> JsonResponse:
    """401: which key to send, and how."""
    return problem(401, _NO_KEY, headers={"WWW-Authenticate": "Bearer"})


def _body(status: int, detail: str, members: Mapping[str, Any]) -> dict[str, Any]:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        body["detail"] = detail
    return {**body, **members}


def problem_details(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: the same form for every refusal."""
    if isinstance(error, Http404):
        error = NotFound("There is nothing at this address.")
    elif isinstance(error, PermissionDenied):
        error = Forbidden()
    # Imported here: Django REST framework's views themselves import this module by the settings.
    from rest_framework.views import exception_handler as default_handler

    response = default_handler(error, dict(context))
    if response is None or not isinstance(error, APIException):
        return response
    detail, members = _told(error.detail)
    response.data = _body(response.status_code, detail, members)
    response.content_type = PROBLEM
    return response


def _told(detail: Any) -> tuple[str, dict[str, Any]]:
    """One sentence, or the places with their reasons."""
    if isinstance(detail, str):
        return str(detail), {}
    return "Some values cannot be taken.", {"errors": detail}
