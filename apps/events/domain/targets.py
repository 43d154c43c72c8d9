"""Where a webhook may go. Plain checks of an address as text and of the IP it resolves to.

The text is judged when it is saved, the IP at each connect: a name may point elsewhere by then.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

IP = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST = 500
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# A last label with a letter: what is all digits (or 0x…) some resolvers read as an IPv4 address.
_LAST_LABEL = re.compile(r"(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
# Names that mean something inside of a network only (RFC 6761, 6762, 8375, 9476 and common use).
_INSIDE = (
    "localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa", "arpa",
    "test", "invalid", "example", "onion", "alt", "localdomain",
)  # fmt: skip

# IANA's special-purpose registry, and one address of a cloud that answers with credentials and lies
# in a public range (Azure's 168.63.129.16). The others' 169.254.169.254, 100.100.100.200 and
# 192.0.0.192 lie in ranges that are refused anyway. Written out: `is_global` says another thing in
# each Python.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32",
        "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24",
        "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Of IPv6 only global unicast is let through; that alone refuses ::1, fc00::/7, fe80::/10, ff00::/8,
# ::ffff:0:0/96 (IPv4-mapped) and 64:ff9b::/96 (NAT64). From it come Teredo and other protocol
# assignments, documentation, 6to4: forms that carry an IPv4 address, or lead nowhere.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


class BadTarget(ValueError):
    """A webhook cannot go there; `code` says why in a word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. `loopback`: this machine, over plain HTTP, as tests ask for it."""

    host: str
    port: int
    path: str
    loopback: bool = False

    @property
    def host_header(self) -> str:
        usual = 80 if self.loopback else 443
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def target_of(
    url: str, *, ports: frozenset[int], own_domain: str = "", loopback: bool = False
) -> Target:
    """The address taken apart. Raises BadTarget; `loopback` lets http to this machine pass."""
    if len(url) > LONGEST:
        raise BadTarget("too_long")
    if not _VISIBLE.fullmatch(url) or "\\" in url:
        raise BadTarget("characters")
    scheme, _colon, rest = url.partition("://")
    parts = _split(url)
    if "@" in rest.split("/")[0].split("?")[0] or parts.username or parts.password:
        raise BadTarget("credentials")
    if parts.fragment or "#" in url:
        raise BadTarget("fragment")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if loopback and scheme == "http" and parts.netloc.rpartition(":")[0] in _LOOPBACK_HOSTS:
        return Target(str(parts.hostname), _port(parts, 80), path, loopback=True)
    if scheme.lower() != "https":
        raise BadTarget("scheme")
    port = _port(parts, 443)
    if port not in ports:
        raise BadTarget("port")
    return Target(_host(parts.netloc, own_domain), port, path)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadTarget("host") from None
    return parts


def _port(parts: SplitResult, usual: int) -> int:
    return usual if parts.port is None else parts.port


def _host(netloc: str, own_domain: str) -> str:
    """The name in small letters, plain ASCII: an international one in its `xn--` form."""
    host = netloc.rpartition(":")[0] if ":" in netloc.rpartition("]")[2] else netloc
    host = host.lower()
    if _is_address(host):
        raise BadTarget("literal")
    labels = host.split(".")
    well_formed = len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    if not well_formed or len(labels) < 2 or not _LAST_LABEL.fullmatch(labels[-1]):
        raise BadTarget("host")
    if _lies_in(host, _INSIDE):
        raise BadTarget("inside")
    if own_domain and _lies_in(host, (own_domain,)):
        raise BadTarget("own")
    return host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _lies_in(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def is_refused(address: IP) -> bool:
    """Whether no webhook may connect to this IP: private, loopback, link-local, multicast, reserved,
    a cloud's metadata, or an IPv4 address in other clothes."""
    if isinstance(address, ipaddress.IPv4Address):
        return any(address in network for network in _REFUSED_V4)
    if address not in _GLOBAL_V6 or address.scope_id is not None:
        return True
    return any(address in network for network in _REFUSED_V6)
