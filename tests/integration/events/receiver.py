"""A receiver of webhooks on this machine: a real HTTP server that behaves as a test tells it to."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """`answer(handler)` writes the answer; `got` holds headers and body of each request."""

    port: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    answer: Callable[[Any], None] = lambda handler: respond(handler, 204)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in?line=1"

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _body in self.got]


def respond(handler: Any, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def with_status(status: int, body: bytes = b"", **headers: str) -> Callable[[Any], None]:
    return lambda handler: respond(handler, status, body, **headers)


def close(handler: Any) -> None:
    """The connection ends without a word."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def drip(handler: Any) -> None:
    """A byte now and then, each in time, never an end."""
    for _ in range(100):
        handler.wfile.write(b"H" if _ == 0 else b"T")
        time.sleep(0.1)


def endless_headers(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(2000):
        handler.wfile.write(b"X: " + b"a" * 1000)


def endless_body(handler: Any) -> None:
    handler.send_response(500)
    handler.end_headers()
    for _ in range(20_000):
        handler.wfile.write(b"a" * 10_000)


@contextmanager
def receiving(tls: Any = None) -> Iterator[Receiver]:
    """A receiver until the block ends; `tls` is the server's SSL context."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            try:
                receiver.answer(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_words: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> Any:
            found = super().get_request()
            receiver.connections += 1
            return found

        def handle_error(self, *_words: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    ).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
