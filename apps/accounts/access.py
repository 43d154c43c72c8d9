"""Every view declares one capability: `@requires("issue_invoices")`.

A test walks the URLconf and fails on a view without one. Who is not signed in is sent to the sign-in
host; who may not gets 403 with what is missing; htmx parts and POSTs likewise.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from apps.accounts.domain.capabilities import ALL, ANYBODY, operator_may_change

View = Callable[..., HttpResponseBase]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Lacking(PermissionDenied):
    """The person's position does not include the capability."""

    def __init__(self, capability: str) -> None:
        super().__init__(capability)
        self.capability = capability


def requires(capability: str) -> Callable[[View], View]:
    """Declare the one capability of a function view (wrap `View.as_view()` results too)."""
    if capability not in ALL:
        raise ValueError(f"{capability} is not a capability")

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refusal = _refusal(request, capability)
            return refusal if refusal is not None else view(request, *args, **kwargs)

        guarded.capability = capability  # type: ignore[attr-defined]
        return guarded

    return declare


def _refusal(request: HttpRequest, capability: str) -> HttpResponseBase | None:
    if _is_more_than_help(request, capability):
        raise Lacking(capability)
    if capability in ANYBODY or capability in request.capabilities:  # type: ignore[attr-defined]
        return None
    if not request.user.is_authenticated:
        from apps.accounts.views import send_to_sign_in

        return send_to_sign_in(request)
    raise Lacking(capability)


def _is_more_than_help(request: HttpRequest, capability: str) -> bool:
    """The one place that keeps a person of the platform from changing what is the company's."""
    if getattr(request, "impersonation", None) is None or request.method in SAFE:
        return False
    return not operator_may_change(capability)
