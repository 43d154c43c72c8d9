"""A VAT id is shown to the EU's register: a server here that speaks its JSON."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from apps.accounts.models import VatCheck
from apps.accounts.operations import describe_company, vat_checks
from apps.accounts.operations.vat_checks import KIND, ask_vat_check, check_vat_id
from apps.events.models import Job
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import as_platform, company_context, no_company
from tests.conftest import NOW, signed_in

VALID = {
    "countryCode": "DE", "vatNumber": "136695976", "requestDate": "2026-11-02T09:00:00.000Z",
    "valid": True, "requestIdentifier": "WAPIAAAAX1Y2Z3", "name": "Maker Maschinenbau GmbH",
    "address": "---", "traderName": "---", "traderStreet": "---", "traderPostalCode": "---",
    "traderCity": "---", "traderCompanyType": "---", "traderNameMatch": "NOT_PROCESSED",
}  # fmt: skip
AWAY = {
    "actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE", "message": None}],
}  # fmt: skip


class Register:
    """What it answers next, and what it was asked."""

    def __init__(self) -> None:
        self.answer: tuple[int, Any] = (200, VALID)
        self.asked: list[dict[str, Any]] = []


@pytest.fixture
def register(settings: Any) -> Iterator[Register]:
    found = Register()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.asked.append(json.loads(body))
            status, told = found.answer
            content = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *words: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.PERUSE_VIES = f"http://127.0.0.1:{server.server_port}/rest-api/check-vat-number"
    settings.PERUSE_WEBHOOKS_TO_LOOPBACK = True
    settings.PERUSE_OPERATOR = {**settings.PERUSE_OPERATOR, "vat_id": "DE123456788"}
    yield found
    server.shutdown()
    server.server_close()


def describe(company: Any, vat_id: str = "DE136695976") -> None:
    with company_context(company):
        describe_company(facts={"vat_id": vat_id}, now=NOW, actor="Anna")


def test_a_valid_one_is_shown_with_its_number(cast: dict[str, Any], register: Register) -> None:
    maker = cast["maker"]
    describe(maker)
    page = signed_in(maker).get("/company/").content.decode()
    assert "is being asked" in page
    with company_context(maker):
        run_waiting_jobs(now=NOW)
        row = VatCheck.objects.get()
    assert register.asked == [
        {"countryCode": "DE", "vatNumber": "136695976", "requesterMemberStateCode": "DE",
         "requesterNumber": "123456788"}
    ]  # fmt: skip
    assert (row.state, row.consultation, row.asked_at) == ("valid", "WAPIAAAAX1Y2Z3", NOW)
    page = signed_in(maker).get("/company/").content.decode()
    assert "EU register (VIES): valid" in page
    assert "WAPIAAAAX1Y2Z3" in page
    with no_company(), as_platform():
        assert VatCheck.all_parties.get(author=maker).state == "valid"
    with company_context(cast["customer"]):
        assert not VatCheck.objects.exists()


def test_one_the_register_does_not_know_blocks_nothing(
    cast: dict[str, Any], register: Register
) -> None:
    register.answer = (200, {**VALID, "valid": False, "name": "---", "requestIdentifier": ""})
    describe(cast["maker"])
    with company_context(cast["maker"]):
        run_waiting_jobs(now=NOW)
        assert VatCheck.objects.get().state == "invalid"
        assert not Job.objects.filter(kind=KIND, state="waiting").exists()
    assert "not valid" in signed_in(cast["maker"]).get("/company/").content.decode()


@pytest.mark.parametrize(
    "answer", [(500, AWAY), (200, AWAY), (503, b"<html>"), (200, []), (200, {})]
)
def test_no_answer_is_asked_for_again_ever_later(
    cast: dict[str, Any], register: Register, answer: tuple[int, Any]
) -> None:
    maker = cast["maker"]
    register.answer = answer
    describe(maker)
    waits, at = [], NOW
    with company_context(maker):
        for _number in range(6):
            run_waiting_jobs(now=at)
            row = VatCheck.objects.get()
            assert row.state == "unavailable"
            assert row.next_at is not None
            waits.append(row.next_at - at)
            assert run_waiting_jobs(now=at) in (0, [], None) or len(register.asked) == len(waits)
            at = row.next_at
        register.answer = (200, VALID)
        run_waiting_jobs(now=at)
        assert VatCheck.objects.get().state == "valid"
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=5), timedelta(days=1))


def test_a_register_that_is_not_there(cast: dict[str, Any], settings: Any) -> None:
    settings.PERUSE_VIES, settings.PERUSE_WEBHOOKS_TO_LOOPBACK = "http://127.0.0.1:9/", True
    describe(cast["maker"])
    with company_context(cast["maker"]):
        assert check_vat_id(now=NOW) == "unavailable"


def test_nobody_is_asked_unless_it_is_allowed(
    cast: dict[str, Any], register: Register, settings: Any
) -> None:
    address, settings.PERUSE_VIES = settings.PERUSE_VIES, ""
    describe(cast["maker"])
    with company_context(cast["maker"]):
        run_waiting_jobs(now=NOW)
        assert not VatCheck.objects.exists()
        settings.PERUSE_VIES = address
        assert ask_vat_check(now=NOW) is not None
        run_waiting_jobs(now=NOW)
    assert len(register.asked) == 1
    with company_context(cast["stranger"]):
        # Not of the Union.
        assert ask_vat_check(now=NOW) is None


def test_another_id_is_asked_about_anew(cast: dict[str, Any], register: Register) -> None:
    describe(cast["maker"])
    with company_context(cast["maker"]):
        run_waiting_jobs(now=NOW)
        describe_company(facts={"vat_id": "DE129273398"}, now=NOW, actor="Anna")
        assert VatCheck.objects.get().state == "waiting"
        run_waiting_jobs(now=NOW)
        assert VatCheck.objects.get().vat_id == "DE129273398"
        describe_company(facts={"vat_id": ""}, now=NOW, actor="Anna")
        assert not VatCheck.objects.exists()


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that this process connects to, or whose name it asks."""
    heard: list[Any] = []
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def connecting(self: socket.socket, address: Any) -> None:
        heard.append(address)
        connect(self, address)

    def resolving(host: Any, *words: Any, **more: Any) -> Any:
        heard.append(host)
        return resolve(host, *words, **more)

    monkeypatch.setattr(socket.socket, "connect", connecting)
    monkeypatch.setattr(socket, "getaddrinfo", resolving)
    return heard


class Ignored:
    """Settings whose switch does nothing: the register's address is known all the same."""

    def __init__(self, settings: Any) -> None:
        self.PERUSE_VIES, self.PERUSE_OPERATOR = settings.PERUSE_VIES, settings.PERUSE_OPERATOR


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("waits", [False, True])
def test_without_the_registers_address_no_request_leaves(
    cast: dict[str, Any], register: Register, settings: Any, left: list[Any], waits: bool,
    ignored: bool, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Nor for a question that waited when the address was taken away. Where the switch is ignored, it is heard."""
    maker = cast["maker"]
    client = signed_in(maker)
    if waits:
        describe(maker)
    if ignored:
        monkeypatch.setattr(vat_checks, "settings", Ignored(settings))
    settings.PERUSE_VIES = ""
    left.clear()
    if not waits:
        describe(maker)
    with company_context(maker):
        run_waiting_jobs(now=NOW)
    assert client.get("/company/").status_code == 200
    assert len(register.asked) == int(ignored)
    assert bool(left) is ignored
