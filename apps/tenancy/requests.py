"""Around each request: its name, its line in the log, its place in the figures; health before all else."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from apps.common import tracing
from apps.common.measures import count_request
from apps.tenancy.health import answer_health

logger = logging.getLogger("peruse.requests")
HEADER = "X-Request-ID"


class RequestMiddleware:
    """Names the request, answers the name in a header, and tells of the answer when it is given.

    A name is taken over only from a proxy that we are told of; anybody else's would let strangers
    write into the log.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        health = answer_health(request)
        if health is not None:
            return health
        given = request.headers.get(HEADER, "") if settings.BEHIND_PROXY else ""
        with tracing.traced(request=tracing.request_id(given)) as notes:
            begun = time.monotonic()
            response = self.get_response(request)
            response.headers[HEADER] = notes["request"]
            _tell(request, response, time.monotonic() - begun)
        return response


def _tell(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """`seconds` from the first middleware to the answer."""
    route = route_of(request)
    count_request(route=route, status=response.status_code, seconds=seconds)
    extra = {
        "method": request.method or "",
        "route": route,
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
    }
    logger.info("%s %s %s", request.method, request.path, response.status_code, extra=extra)


def route_of(request: HttpRequest) -> str:
    """The name of the route, of which there are few; an address may be anything."""
    match = request.resolver_match
    return (match.view_name or "unnamed") if match else "none"
