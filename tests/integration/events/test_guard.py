"""No webhook reaches what is inside: as text, by name, after a change of the name, or by a redirect."""

import datetime as dt
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.events.models import Webhook, WebhookMessage
from apps.events.operations import make_webhook, posting, run_waiting_jobs, send_test
from tests.integration.events.conftest import NOW
from tests.integration.events.receiver import receiving
from tests.unit.events.bad_targets import BAD_IPS, BAD_URLS

PUBLIC = "93.184.216.34"
OWN = "portal.company.com"
URL = "https://hooks.example.com/in"
HEADERS = {"Content-Type": "application/json"}
Resolving = Callable[..., None]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Addresses the guard let through; nothing is really connected to."""
    reached: list[Any] = []

    def connect(address: str, port: int, _seconds: float) -> Any:
        reached.append((address, port))
        raise ConnectionRefusedError

    monkeypatch.setattr(posting, "_opened", connect)
    return reached


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Resolving:
    """`resolving([…], […])`: what the name resolves to when asked for the first, second … time."""

    def set_up(*answers: list[str]) -> None:
        left = list(answers)

        def ask(_host: str, port: int, **_more: Any) -> list[Any]:
            found = left.pop(0) if len(left) > 1 else left[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]

        monkeypatch.setattr(posting.socket, "getaddrinfo", ask)

    return set_up


def post(url: str = URL) -> posting.Answer:
    return posting.post(url=url, body=b"{}", headers=HEADERS)


@pytest.mark.parametrize("url", [url for url, _code in BAD_URLS])
def test_no_connect_to_a_bad_address(
    url: str, connected: list[Any], resolving: Resolving, settings: Any
) -> None:
    settings.PERUSE_DOMAIN = OWN
    resolving([PUBLIC])
    assert post(url).reason == "address"
    assert connected == []


@pytest.mark.parametrize("ip", BAD_IPS)
def test_no_connect_to_a_name_that_leads_inside(
    ip: str, connected: list[Any], resolving: Resolving
) -> None:
    resolving([ip])
    assert post().reason == "address"
    resolving([PUBLIC, ip])
    assert post().reason == "address"
    assert connected == []


def test_a_public_one_is_connected_to_by_its_ip(connected: list[Any], resolving: Resolving) -> None:
    resolving([PUBLIC, "2606:4700:4700::1111"])
    assert post().reason == "connect"
    assert connected == [(PUBLIC, 443), ("2606:4700:4700::1111", 443)]


def test_a_name_nobody_knows(connected: list[Any], resolving: Resolving) -> None:
    resolving([])
    assert post().reason == "name"
    assert connected == []


def test_a_resolver_that_never_answers_costs_its_time_alone(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any]
) -> None:
    import threading

    monkeypatch.setattr(posting, "RESOLVE_SECONDS", 0.2)
    monkeypatch.setattr(
        posting.socket, "getaddrinfo", lambda *_a, **_m: threading.Event().wait(5) or []
    )
    assert post().reason == "name"
    assert connected == []


def test_a_name_that_changes_between_saving_and_sending_is_refused(
    provider: Any, connected: list[Any], resolving: Resolving
) -> None:
    resolving([PUBLIC], ["169.254.169.254"])
    webhook, _secret = make_webhook(url=URL, description="", events=[], now=NOW)
    send_test(webhook=webhook, now=NOW)
    run_waiting_jobs(now=NOW)
    assert WebhookMessage.objects.get().reason == "address"
    assert connected == []


def test_the_name_is_asked_once_a_try(
    provider: Any, connected: list[Any], resolving: Resolving
) -> None:
    """Between the check and the connect there is no second question that could be answered otherwise."""
    resolving([PUBLIC], ["127.0.0.1"])
    assert post().reason == "connect"
    assert connected == [(PUBLIC, 443)]


@pytest.mark.parametrize("url", [url for url, _code in BAD_URLS] + [URL])
def test_none_is_saved(provider: Any, url: str, resolving: Resolving, settings: Any) -> None:
    settings.PERUSE_DOMAIN = OWN
    resolving(["10.0.0.1"])
    with pytest.raises(ValidationError) as refused:
        make_webhook(url=url, description="", events=[], now=NOW)
    assert set(refused.value.message_dict) == {"url"}
    assert not Webhook.objects.exists()


def test_http_to_this_machine_needs_the_setting_and_then_arrives(settings: Any) -> None:
    with receiving() as inside:
        settings.PERUSE_WEBHOOKS_TO_LOOPBACK = False
        assert post(inside.url).reason == "address"
        assert inside.connections == 0
        settings.PERUSE_WEBHOOKS_TO_LOOPBACK = True
        assert post(inside.url).reason == ""
        assert len(inside.got) == 1


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate of that name with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(called).issuer_name(called)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1)).not_valid_after(today + dt.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                          serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("guarded", "name", "trusted", "reason"),
    [
        (True, "hooks.example.com", True, "address"),
        (False, "hooks.example.com", True, ""),
        (False, "other.example.com", True, "tls"),
        (False, "hooks.example.com", False, "tls"),
    ],
    ids=["guarded", "positive-control", "another-name", "not-trusted"],
)
def test_a_listener_inside_is_reached_only_without_the_guard(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resolving: Resolving,
    guarded: bool, name: str, trusted: bool, reason: str,
) -> None:  # fmt: skip
    """The public name leads to 127.0.0.1, where a server with a certificate listens."""
    pem = certificate(tmp_path, name)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    client = ssl.create_default_context(cafile=str(pem) if trusted else None)
    monkeypatch.setattr(posting, "_context", lambda: client)
    if not guarded:
        monkeypatch.setattr(posting, "is_refused", lambda _ip: False)
    resolving(["127.0.0.1"])
    with receiving(server) as inside:
        settings.PERUSE_WEBHOOK_PORTS = [inside.port]
        answer = post(f"https://hooks.example.com:{inside.port}/in")
        assert answer.reason == reason
        assert inside.connections == 0 if guarded else True
        assert len(inside.got) == (reason == "")
        if inside.got:
            assert inside.got[0][0]["host"] == f"hooks.example.com:{inside.port}"


def test_no_proxy_of_the_environment_is_asked(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any], resolving: Resolving
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    resolving([PUBLIC])
    post()
    assert connected == [(PUBLIC, 443)]
