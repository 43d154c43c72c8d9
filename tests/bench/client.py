"""A lean HTTP client: prepared bytes over kept connections, so that the portal is what is measured."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.bench.figures import percentile


class BadAnswer(RuntimeError):
    """The portal answered otherwise than the bench needs."""


@dataclass
class Load:
    """What came of a load: wall seconds, and each request's."""

    seconds: float
    latencies: list[float] = field(default_factory=list)

    @property
    def p95(self) -> float:
        """Milliseconds."""
        return 1000 * percentile(self.latencies, 95)

    @property
    def p50(self) -> float:
        return 1000 * percentile(self.latencies, 50)


def request(
    method: str, path: str, host: str, body: bytes = b"", headers: Sequence[str] = ()
) -> bytes:
    """A whole request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, prepared: bytes) -> tuple[int, bytes]:
        """Status and body."""
        self.socket.sendall(prepared)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head, body = received[:end].decode("latin-1").lower(), [received[end + 4 :]]
        missing = length_of(head) - len(body[0])
        while missing > 0:
            body.append(self._more())
            missing -= len(body[-1])
        if "connection: close" in head:
            self.socket.close()
            self.open()
        return int(head.split(" ", 2)[1]), b"".join(body)

    def _more(self) -> bytes:
        data = self.socket.recv(262_144)
        if not data:
            raise BadAnswer("the connection was closed within an answer")
        return data


def length_of(head: str) -> int:
    for row in head.split("\r\n"):
        if row.startswith("content-length:"):
            return int(row.split(":")[1])
    if "transfer-encoding: chunked" in head:
        raise BadAnswer("an answer in chunks")
    return 0


def load(port: int, requests: Sequence[bytes], clients: int, wanted: bytes = b"") -> Load:
    """Send all requests over `clients` connections.

    Raises BadAnswer where one is not answered by 200 and a body that has `wanted` in it.
    """
    waiting = iter(requests)
    found = Load(0.0)
    wrong: list[str] = []
    workers = [
        threading.Thread(target=send, args=(Connection(port), waiting, found, wrong, wanted))
        for _ in range(clients)
    ]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found.seconds = time.perf_counter() - start
    if wrong:
        raise BadAnswer(f"{len(wrong)} of {len(requests)}: {wrong[0]}")
    return found


def send(
    connection: Connection, waiting: Iterator[bytes], found: Load, wrong: list[str], wanted: bytes
) -> None:
    try:
        for prepared in waiting:
            start = time.perf_counter()
            status, body = connection.ask(prepared)
            found.latencies.append(time.perf_counter() - start)
            if status != 200 or wanted not in body:
                first = prepared.split(b"\r\n", 1)[0].decode()
                wrong.append(f"{first}: {status} {body[:600].decode(errors='replace')}")
    except (OSError, BadAnswer) as error:
        wrong.append(f"{type(error).__name__}: {error}")
