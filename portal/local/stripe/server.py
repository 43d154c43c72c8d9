"""The fake's HTTP side: Stripe's API under /v1, the pages, and /fake to disturb what comes next."""

import base64
import json
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from portal.local.stripe import billing_api as billing_api
from portal.local.stripe import checkout, connect, invoices, methods, pages, portal
from portal.local.stripe.api import answer_to, do_what_is_due
from portal.local.stripe.delivery import Delivery
from portal.local.stripe.encoding import decoded
from portal.local.stripe.errors import Refused
from portal.local.stripe.store import Store, Thing, shown

MOST_BYTES = 1_000_000
TICK_SECONDS = 0.3


class Fake:
    """Server, store, delivery and clock; `start` runs them in threads of this process."""

    def __init__(
        self, address: Any, *, endpoints: list[tuple[str, str]] | None = None,
        path: Path | None = None, fd: int | None = None,
    ) -> None:  # fmt: skip
        self.store = Store(path)
        self.delivery = Delivery(self.store, endpoints or [])
        self.server = ThreadingHTTPServer(address, Handler, bind_and_activate=fd is None)
        if fd is not None:
            self.server.socket.close()
            self.server.socket = socket.socket(fileno=fd)
            self.server.server_address = self.server.socket.getsockname()
        self.server.daemon_threads = True
        self.server.fake = self  # type: ignore[attr-defined]
        self.ticking = threading.Event()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def start(self) -> "Fake":
        for work in (self._serve, self.delivery.run, self._tick):
            threading.Thread(target=work, daemon=True).start()
        return self

    def stop(self) -> None:
        self.ticking.set()
        self.delivery.stop()
        self.server.shutdown()
        self.server.server_close()

    def _serve(self) -> None:
        self.server.serve_forever(poll_interval=0.05)

    def _tick(self) -> None:
        while not self.ticking.wait(TICK_SECONDS):
            with self.store.lock:
                if do_what_is_due(self.store):
                    self.store.keep()


class Handler(BaseHTTPRequestHandler):
    """One request. Every answer carries its length; keys are never written to a log."""

    protocol_version = "HTTP/1.1"
    server_version = "StripeFake"
    # Head and body leave together and at once, or each answer waits 40 ms for the other side's nod.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    @property
    def fake(self) -> Fake:
        return self.server.fake  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_DELETE(self) -> None:
        self._handle("DELETE")

    def _handle(self, method: str) -> None:
        path = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, MOST_BYTES)).decode("utf-8", "replace")
        if path.path.startswith("/v1/"):
            self._api(method, path.path, decoded(path.query if method == "GET" else body))
        elif path.path == "/fake" and method == "POST":
            self._disturb(json.loads(body or "{}"))
        else:
            with self.fake.store.lock:
                self._page(method, path.path.strip("/").split("/"), parse_qs(body))
                self.fake.store.keep()

    # --- the API ---------------------------------------------------------------------------------

    def _api(self, method: str, path: str, params: Thing) -> None:
        store = self.fake.store
        with store.lock:
            try:
                self._authorise()
                status, answer = self._once(method, path, params)
            except Refused as refusal:
                status, answer = refusal.status, {"error": refusal.error}
            store.keep()
        self._json(status, answer)

    def _once(self, method: str, path: str, params: Thing) -> tuple[int, Thing]:
        """The same idempotency key gets the same answer, also a refusal of the card."""
        store, account = self.fake.store, self.headers.get("Stripe-Account") or ""
        key = self.headers.get("Idempotency-Key") if method == "POST" else None
        asked = {"path": path, "params": params, "account": account}
        before = store.answered(key, asked) if key else None
        if before is not None:
            return before["status"], before["body"]
        try:
            base = self.fake.base
            status, answer = 200, shown(answer_to(store, method, path, params, account, base))
        except Refused as refusal:
            status, answer = refusal.status, {"error": refusal.error}
        if key and status != 401:
            store.note_answer(key, asked, status, answer)
        return status, answer

    def _authorise(self) -> None:
        kind, _, given = (self.headers.get("Authorization") or "").partition(" ")
        if kind == "Basic":
            given = base64.b64decode(given + "==").decode("utf-8", "replace").partition(":")[0]
        if not given.startswith(("sk_test_", "rk_test_")):
            text = "Invalid API Key provided: a key of this server begins with sk_test_."
            raise Refused(401, "invalid_request_error", text)

    def _disturb(self, wanted: Thing) -> None:
        """`copies`, `late`, `fail` of coming deliveries; `after_retries`: what becomes of a
        subscription that nobody pays (canceled, unpaid, past_due)."""
        delivery = self.fake.delivery
        delivery.copies = int(wanted.get("copies", delivery.copies))
        delivery.late = float(wanted.get("late", delivery.late))
        delivery.fail = int(wanted.get("fail", delivery.fail))
        if wanted.get("after_retries") in ("canceled", "unpaid", "past_due"):
            self.fake.store.flags["after_retries"] = wanted["after_retries"]
        self._json(200, {"copies": delivery.copies, "late": delivery.late, "fail": delivery.fail})

    # --- the pages -------------------------------------------------------------------------------

    def _page(self, method: str, parts: list[str], form: dict[str, list[str]]) -> None:
        try:
            if parts[:2] == ["c", "pay"] and len(parts) == 3:
                self._checkout(method, parts[2], form)
            elif parts[0] == "setup" and len(parts) == 2:
                self._setup(method, parts[1])
            elif parts[:2] == ["p", "session"] and len(parts) == 3:
                self._portal(method, parts[2], form)
            elif parts[0] == "i" and len(parts) == 2:
                self._invoice(method, parts[1], form)
            else:
                self._html(404, "Not found.")
        except Refused as refusal:
            self._html(refusal.status, str(refusal))

    def _checkout(self, method: str, key: str, form: dict[str, list[str]]) -> None:
        store = self.fake.store
        session = store.get("checkout.session", key)
        if session["status"] != "open":
            self._html(410, pages.over(session))
        elif method == "GET":
            self._html(200, pages.checkout(session))
        else:
            number, iban, asked = (form.get(name, [""])[0] for name in ("card", "iban", "asked"))
            self._pay(session, number, iban, asked)

    def _pay(self, session: Thing, number: str, iban: str, asked: str) -> None:
        if asked == "no":
            self._html(402, pages.checkout(session, "Your bank did not approve this payment."))
            return
        try:
            checkout.pay(self.fake.store, session["id"], number, iban, asked == "yes")
        except Refused as refusal:
            self._html(refusal.status, pages.checkout(session, str(refusal)))
            return
        if session["status"] == "open":
            self._html(200, pages.bank_asks(session, number))
        else:
            back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
            self._send(303, b"", {"Location": back})

    def _portal(self, method: str, key: str, form: dict[str, list[str]]) -> None:
        store, status, problem = self.fake.store, 200, ""
        session = store.get("billing_portal.session", key)
        if method == "POST":
            try:
                portal.act(store, session, {name: values[0] for name, values in form.items()})
            except Refused as refusal:
                status, problem = refusal.status, str(refusal)
        rows = portal.subscriptions_of(store, session)
        self._html(status, pages.portal(session, rows, problem))

    def _invoice(self, method: str, key: str, form: dict[str, list[str]]) -> None:
        """A card on an open invoice's page; its bank may ask first."""
        store = self.fake.store
        found = store.get("invoice", key)
        number, asked = (form.get(name, [""])[0].replace(" ", "") for name in ("card", "asked"))
        if method == "GET" or found["status"] not in pages.PAYABLE:
            self._html(200, pages.invoice(found))
            return
        card = store.make("payment_method", "pm", **methods.card(number))
        asks = methods.CARDS.get(number) == methods.ASKS and asked != "yes"
        if asks:
            self._html(200, pages.invoice(found, number=number))
            return
        invoices.attempt(store, found, card, asked == "yes")
        said_no = "" if found["status"] == "paid" else "Your card was declined."
        self._html(402 if said_no else 200, pages.invoice(found, said_no))

    def _setup(self, method: str, key: str) -> None:
        account = self.fake.store.get("account", key)
        if method == "GET":
            self._html(200, pages.setup(account))
        else:
            connect.onboarded(self.fake.store, key)
            self._send(303, b"", {"Location": account["_return"]})

    # --- answers ---------------------------------------------------------------------------------

    def _json(self, status: int, body: Thing) -> None:
        self._send(status, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _html(self, status: int, text: str) -> None:
        self._send(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Method, path and status; never a header or a body."""
        print(f"{self.command} {urlsplit(self.path).path} {args[1:2]}", file=sys.stderr)
