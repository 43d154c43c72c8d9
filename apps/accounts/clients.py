"""Where a request comes from: its address behind so many proxies, its browser in words."""

import ipaddress
import re
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

# A browser that signed this person in before has tries of its own: strangers who try the account
# slow down each other, not its owner.
KNOWN_COOKIE = settings.SESSION_COOKIE_NAME.replace("session", "known")
KNOWN_FOR = timedelta(days=180)
_PEOPLE_MOST = 5
_IPV6_PREFIX = 64
_BROWSERS = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"),
    ("Safari", "Safari"), ("curl", "curl"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def client_address(request: HttpRequest) -> str:
    """The IP that spoke to the outermost of our own proxies (`PERUSE_PROXIES` of them).

    Each proxy appends to X-Forwarded-For whom it heard; what stands before that the client wrote
    itself. With fewer entries than proxies somebody went past them: the connection's own counts.
    """
    heard = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    own = str(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.PERUSE_PROXIES
    named = heard[-proxies] if 0 < proxies <= len(heard) else own
    return _ip(named) or _ip(own) or "0.0.0.0"  # noqa: S104 (a name for nobody's address)


def client_network(request: HttpRequest) -> str:
    """The address, of IPv6 its /64: who has one has them all."""
    address = ipaddress.ip_address(client_address(request))
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network(f"{address}/{_IPV6_PREFIX}", strict=False))
    return str(address)


def _ip(text: str) -> str:
    """The IP in its usual form, without a port; an IPv4 address in IPv6's clothes is IPv4."""
    bare = text.strip().removeprefix("[")
    bare = bare.split("]")[0] if "]" in bare else re.sub(r"^([\d.]+):\d+$", r"\1", bare)
    try:
        address = ipaddress.ip_address(bare.split("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def browser_in_words(agent: str) -> str:
    """Such as `Firefox, Windows`; what is not known is told in its own first words."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, (browser, system))) or agent[:40]


def known_browser(request: HttpRequest, email: str) -> str:
    """The name that this browser got when it signed in with this address; empty if it never did."""
    return _known(request).get(email.strip().lower(), "")


def remember_browser(request: HttpRequest, response: HttpResponseBase, email: str) -> None:
    """Let this browser have tries of its own for this address from now on."""
    known = _known(request)
    name = known.pop(email.lower(), "") or secrets.token_urlsafe(16)
    kept = dict(list({**known, email.lower(): name}.items())[-_PEOPLE_MOST:])
    response.set_cookie(
        KNOWN_COOKIE, signing.dumps(kept, salt=KNOWN_COOKIE), max_age=KNOWN_FOR, httponly=True,
        samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def _known(request: HttpRequest) -> dict[str, str]:
    try:
        found: Any = signing.loads(
            request.COOKIES.get(KNOWN_COOKIE, ""), salt=KNOWN_COOKIE, max_age=KNOWN_FOR
        )
    except signing.BadSignature:
        return {}
    return dict(found)
