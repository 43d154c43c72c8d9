"""Where a webhook may go: texts of addresses, and IPs they resolve to."""

import ipaddress

import pytest

from apps.events.domain.targets import BadTarget, is_refused, target_of
from tests.unit.events.bad_targets import BAD_IPS, BAD_URLS

PORTS = frozenset({443, 8443})


def code_of(url: str, **more: bool) -> str:
    with pytest.raises(BadTarget) as refused:
        target_of(url, ports=PORTS, own_domain="portal.company.com", **more)  # type: ignore[arg-type]
    return refused.value.code


@pytest.mark.parametrize(("url", "code"), BAD_URLS)
def test_addresses_that_are_refused_as_text(url: str, code: str) -> None:
    assert code_of(url) == code


@pytest.mark.parametrize("text", BAD_IPS)
def test_ips_that_no_webhook_connects_to(text: str) -> None:
    assert is_refused(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "168.63.129.15", "172.32.0.1", "100.128.0.1",
             "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "2001:4860::8888"],
)  # fmt: skip
def test_ips_of_the_public_internet_are_not(text: str) -> None:
    assert not is_refused(ipaddress.ip_address(text))


def test_a_good_address_is_taken_apart() -> None:
    target = target_of("https://Hooks.Example.COM/in?x=1", ports=PORTS)
    assert (target.host, target.port, target.path) == ("hooks.example.com", 443, "/in?x=1")
    assert target.host_header == "hooks.example.com"
    other = target_of("https://xn--mller-kva.de:8443", ports=PORTS)
    assert (other.host_header, other.path) == ("xn--mller-kva.de:8443", "/")


def test_http_goes_to_this_machine_alone_and_only_where_it_is_asked_for() -> None:
    assert target_of("http://127.0.0.1:9999/x", ports=PORTS, loopback=True).loopback
    assert code_of("http://127.0.0.1:9999/x") == "scheme"
    for url in ("http://hooks.example.com/", "http://10.0.0.1:80/", "http://127.0.0.1.nip.io:80/"):
        assert code_of(url, loopback=True) == "scheme"
