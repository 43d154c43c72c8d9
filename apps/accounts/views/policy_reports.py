"""Where browsers report what the content policy stopped: counted in the log, never stored or shown."""

import json
import logging
import time
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.accounts.access import requires

logger = logging.getLogger("peruse.policy")

_MOST_BYTES = 16_384
_EACH_SECONDS = 60.0
_KINDS_MOST = 200
_LONGEST = 80
# In this process: what was reported how often since it was last told of, and when that was.
_seen: dict[tuple[str, ...], list[float]] = {}


@csrf_exempt
@require_POST
@requires("anybody")
def policy_reports(request: HttpRequest) -> HttpResponse:
    """A report of a browser, or of whoever says to be one: always 204."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) <= _MOST_BYTES:
        for report in _reports(request.body):
            _count(_told(report))
    return HttpResponse(status=204)


def _reports(body: bytes) -> list[dict[str, Any]]:
    """The reports of either form: one under `csp-report`, or a list of the Reporting API."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return []
    rows = found if isinstance(found, list) else [found]
    bodies = [row.get("csp-report", row.get("body")) for row in rows if isinstance(row, dict)]
    return [body for body in bodies if isinstance(body, dict)][:10]


def _told(report: dict[str, Any]) -> tuple[str, ...]:
    """Directive, what was stopped, and the page; addresses without their query, which may be secret."""
    directive = report.get("effective-directive") or report.get("effectiveDirective")
    blocked = report.get("blocked-uri") or report.get("blockedURL")
    page = report.get("document-uri") or report.get("documentURL")
    return _plain(directive), _address(blocked), _address(page)


def _address(value: Any) -> str:
    try:
        parts = urlsplit(str(value or ""))
    except ValueError:
        return ""
    return _plain(f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else parts.path)


def _plain(value: Any) -> str:
    """One short line, so that nobody writes lines of the log."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(value or ""))[:_LONGEST]


def _count(told: tuple[str, ...]) -> None:
    """A line at the first, then one a minute with how many there were."""
    now = time.monotonic()
    if told not in _seen and len(_seen) >= _KINDS_MOST:
        _seen.clear()
    count_and_time = _seen.setdefault(told, [0, now - _EACH_SECONDS])
    count_and_time[0] += 1
    if now - count_and_time[1] >= _EACH_SECONDS:
        logger.warning("content policy: %s stopped %s on %s, %d times", *told, count_and_time[0])
        _seen[told] = [0, now]
