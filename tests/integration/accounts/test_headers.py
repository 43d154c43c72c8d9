"""Headers and cookies of every kind of answer, and where browsers report to."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from apps.accounts.models import User
from apps.accounts.views import policy_reports
from tests.integration.accounts.conftest import PUBLIC, Browser, host_of

REPORTS = f"http://{PUBLIC}/policy-reports/"


@pytest.fixture
def answers(cast: Any, browser: Browser, client_of: Callable[..., Client]) -> list[Any]:
    """A page, a refusal, an absent page, a file, JSON, of the sign-in host and of a company's."""
    company = f"http://{host_of(cast['provider'])}"
    client = client_of(cast["provider"])
    return [
        browser.get(f"http://{PUBLIC}/sign-in/"),
        browser.get(f"http://{PUBLIC}/nothing/"),
        browser.get(f"{company}/people/"),
        browser.get(f"{company}/api/v1/assets"),
        client.get("/"),
        client.get("/nothing/"),
        client.get("/people/?export=csv"),
        client.get("/static/peruse/portal.css"),
        Client(HTTP_HOST="nobody.peruse.localhost").get("/"),
    ]


def test_headers_of_every_answer(answers: list[Any]) -> None:
    for answer in answers:
        where = answer.request["PATH_INFO"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff", where
        assert answer.headers["Referrer-Policy"] == "same-origin", where
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", where
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin", where
        assert "camera=()" in answer.headers["Permissions-Policy"], where


def test_the_policy_of_every_page_is_strict(answers: list[Any]) -> None:
    pages = [one for one in answers if "html" in one.headers.get("Content-Type", "")]
    assert len(pages) > 3
    for page in pages:
        policy = page.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "report-uri /policy-reports/" in policy


def test_production_is_https_only() -> None:
    from tests.conftest import Portal

    words = (
        "from django.conf import settings as s; "
        "print(s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_SSL_REDIRECT)"
    )
    production = {"PERUSE_PRODUCTION": "1", "PERUSE_SECRET_KEY": "x" * 60}
    portal = Portal("none")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in production.items():
            patch.setenv(name, value)
        done = portal.manage("shell", "-v0", "-c", words)
    assert done.stdout.split() == ["31536000", "True", "True"]


def test_cookies_are_of_one_host_alone(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    """`__Host-`: browsers take them with Secure, for the path /, and without a domain only."""
    signed_in(cast["provider"])
    browser.follow(f"http://{host_of(cast['provider'])}/people/")
    browser.post(f"http://{PUBLIC}/language/", {"language": "de"})
    cookies = [one for client in browser.jars.values() for one in client.cookies.values()]
    assert {one.key for one in cookies} >= {
        "__Host-session", "__Host-csrf", "__Host-known", "__Host-language",
    }  # fmt: skip
    for cookie in cookies:
        assert cookie.key.startswith("__Host-"), cookie.key
        assert cookie["secure"], cookie.key
        assert (cookie["path"], cookie["domain"]) == ("/", ""), cookie.key
        assert cookie["samesite"] == "Lax" or cookie.key == "__Host-csrf", cookie.key
    assert settings.SESSION_COOKIE_HTTPONLY


def report(browser: Browser, body: Any) -> int:
    answer = browser.client(PUBLIC).post(
        "/policy-reports/", json.dumps(body), content_type="application/csp-report"
    )
    return int(answer.status_code)


def test_reports_are_counted_in_the_log_and_kept_nowhere(
    browser: Browser, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    policy_reports._seen.clear()
    body = {
        "csp-report": {
            "effective-directive": "script-src-elem",
            "blocked-uri": "https://evil.example/x.js?stolen=1",
            "document-uri": "http://provider.peruse.localhost/enter/?code=secret\nforged line",
        }
    }
    with caplog.at_level(logging.WARNING, "peruse.policy"):
        assert [report(browser, body) for _number in range(5)] == [204] * 5
    assert len(caplog.messages) == 1, "one line a minute"
    assert "script-src-elem stopped https://evil.example/x.js" in caplog.messages[0]
    assert "secret" not in caplog.messages[0]
    assert "stolen" not in caplog.messages[0]


@pytest.mark.parametrize(
    "body", ["x", "[]", "[1]", "{}", '{"csp-report": 1}', "[" * 5000, "x" * 20_000]
)
def test_odd_reports_are_taken_in_silence(browser: Browser, db: None, body: str) -> None:
    answer = browser.client(PUBLIC).post("/policy-reports/", body, content_type="text/plain")
    assert answer.status_code == 204
