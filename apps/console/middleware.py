"""The console asks as the platform, and has a content policy of its own."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from apps.tenancy.context import as_platform


class ConsoleMiddleware:
    """Only on the console's host; everything inside uses the platform's role."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        host = request.get_host().rsplit(":", 1)[0].lower()
        if host != settings.PERUSE_CONSOLE_HOST:
            return HttpResponse("No such host.", status=404, content_type="text/plain")
        with as_platform():
            return self.get_response(request)
