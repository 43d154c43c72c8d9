"""One POST to an address a company chose: guarded, bounded, and never trusted.

The name is resolved here, every address it has is judged, and the connection goes to one of those
very addresses; asking the name again between the check and the connect could give another one.
No proxy, no redirect, no cookie; the certificate must be the name's.
"""

import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException, HTTPResponse
from typing import Any

from django.conf import settings

from apps.events.domain.targets import BadTarget, Target, is_refused, target_of
from apps.events.models import WebhookReason

RESOLVE_SECONDS = 5.0
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
MOST_BYTES = 64 * 1024
# Of the answer's body for the log.
KEPT_LETTERS = 200
AGENT = "Peruse-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Answer:
    """How a try went: taken when `reason` is empty."""

    reason: str
    status: int | None = None
    text: str = ""
    milliseconds: int = 0


def judged_target(url: str) -> Target:
    """The address taken apart, by this installation's rules. Raises BadTarget."""
    return target_of(
        url,
        ports=frozenset(settings.PERUSE_WEBHOOK_PORTS),
        own_domain=settings.PERUSE_DOMAIN,
        loopback=settings.PERUSE_WEBHOOKS_TO_LOOPBACK,
    )


def resolved(target: Target) -> list[str]:
    """The addresses of its name, all allowed. Raises BadTarget(`name` or `address`).

    One that is not allowed among others is no accident: then none is used.
    """
    addresses = _lookup(target)
    if not addresses:
        raise BadTarget("name")
    for text in addresses:
        address = ipaddress.ip_address(text)
        if target.loopback and address.is_loopback:
            continue
        if target.loopback or is_refused(address):
            raise BadTarget("address")
    return addresses


def _lookup(target: Target) -> list[str]:
    """In a thread of its own: the system's resolver knows no time limit."""
    found: queue.Queue[list[str]] = queue.Queue()
    threading.Thread(target=lambda: found.put(_ask(target.host, target.port)), daemon=True).start()
    try:
        return found.get(timeout=RESOLVE_SECONDS)
    except queue.Empty:
        return []


def _ask(host: str, port: int) -> list[str]:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


def post(*, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send the body and read how it was taken. Never raises."""
    begun = time.monotonic()
    try:
        answer = _exchange(judged_target(url), body, headers, begun + TOTAL_SECONDS)
    except BadTarget as error:
        answer = Answer("name" if error.code == "name" else WebhookReason.ADDRESS)
    except Exception as error:
        answer = Answer(_reason(error))
    milliseconds = int((time.monotonic() - begun) * 1000)
    return Answer(answer.reason, answer.status, answer.text, milliseconds)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer, of at most 64 KiB."""

    status: int
    content: bytes


class Unreachable(Exception):
    """Nothing was fetched; `reason` as of webhooks."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def fetch(*, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Fetched:
    """GET, or POST the body, under the same guard as webhooks. Raises Unreachable."""
    try:
        return _fetched(judged_target(url), headers, body, time.monotonic() + TOTAL_SECONDS)
    except BadTarget as error:
        reason = "name" if error.code == "name" else WebhookReason.ADDRESS
        raise Unreachable(reason) from error
    except Exception as error:
        raise Unreachable(_reason(error)) from error


def _fetched(
    target: Target, headers: Mapping[str, str], body: bytes | None, deadline: float
) -> Fetched:
    method = "GET" if body is None else "POST"
    with _connected(target, resolved(target), deadline) as connection:
        connection.settimeout(_left(deadline))
        connection.sendall(_request(target, body or b"", headers, method))
        response = HTTPResponse(_Reading(connection, deadline), method=method)  # type: ignore[arg-type]
        response.begin()
        return Fetched(response.status, response.read())


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return WebhookReason.TIME
    if isinstance(error, ssl.SSLError):
        return WebhookReason.TLS
    if isinstance(error, _TooLarge):
        return WebhookReason.LARGE
    if isinstance(error, HTTPException | ConnectionResetError | BrokenPipeError):
        return WebhookReason.CLOSED
    return WebhookReason.CONNECT


def _exchange(target: Target, body: bytes, headers: Mapping[str, str], deadline: float) -> Answer:
    with _connected(target, resolved(target), deadline) as connection:
        connection.settimeout(_left(deadline))
        connection.sendall(_request(target, body, headers))
        response = HTTPResponse(_Reading(connection, deadline), method="POST")  # type: ignore[arg-type]
        response.begin()
        return _judged(response)


def _judged(response: HTTPResponse) -> Answer:
    """Only 2xx is taken, whatever follows it; of anything else the beginning is for who set it up."""
    status = response.status
    if 200 <= status < 300:
        return Answer(WebhookReason.NONE, status)
    if 300 <= status < 400:
        return Answer(WebhookReason.REDIRECT, status, _beginning(response))
    reason = WebhookReason.GONE if status == 410 else WebhookReason.STATUS
    return Answer(reason, status, _beginning(response))


def _beginning(response: HTTPResponse) -> str:
    try:
        return _readable(response.read1(KEPT_LETTERS * 4))
    except (OSError, HTTPException, _TooLarge):
        return ""


def _readable(content: bytes) -> str:
    text = content.decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() else " " for c in text)[:KEPT_LETTERS].strip()


def _request(
    target: Target, body: bytes, headers: Mapping[str, str], method: str = "POST"
) -> bytes:
    lines = [
        f"{method} {target.path} HTTP/1.1",
        f"Host: {target.host_header}",
        f"User-Agent: {AGENT}",
        f"Content-Length: {len(body)}",
        "Accept: */*",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _connected(target: Target, addresses: list[str], deadline: float) -> socket.socket:
    """A connection to the first of these addresses that answers, encrypted for the name."""
    error: OSError = TimeoutError()
    for address in addresses:
        try:
            plain = _opened(address, target.port, min(CONNECT_SECONDS, _left(deadline)))
        except OSError as failed:
            error = failed
            continue
        if target.loopback:
            return plain
        plain.settimeout(_left(deadline))
        return _context().wrap_socket(plain, server_hostname=target.host)
    raise error


def _opened(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to an IP; `create_connection` would ask the resolver once more."""
    is_v6 = ipaddress.ip_address(address).version == 6
    plain = socket.socket(socket.AF_INET6 if is_v6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        plain.settimeout(seconds)
        plain.connect((address, port))
    except OSError:
        plain.close()
        raise
    return plain


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _TooLarge(Exception):
    """More was answered than is read."""


class _Reading(io.RawIOBase):
    """What a connection says, until the deadline and the limit. A receiver that sends a byte a second
    would pass a limit on each read alone."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection, self.deadline, self.left = connection, deadline, MOST_BYTES

    def makefile(self, _mode: str) -> Any:
        return io.BufferedReader(self, 4096)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.left <= 0:
            raise _TooLarge
        self.connection.settimeout(_left(self.deadline))
        count = self.connection.recv_into(buffer, min(len(buffer), self.left))
        self.left -= count
        return count
