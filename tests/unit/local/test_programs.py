"""Which program runs with which login."""

import pytest

from portal.local import ports, programs


def test_only_console_and_platform_worker_have_the_operators_login() -> None:
    with ports.listen(0) as web, ports.listen(0) as console:
        found = {one.name: one for one in programs.portal_programs(web, console, demo=True)}
        logins = {name: one.environment["PERUSE_LOGIN"] for name, one in found.items()}
        assert logins == {
            "web": "app",
            "worker": "app",
            "beat": "app",
            "simulator": "app",
            "console": "ops",
            "platform-worker": "ops",
        }
        assert found["web"].files == (web.fileno(),)
        for one in found.values():
            assert one.environment["PERUSE_PORT"] == str(web.getsockname()[1])
            assert one.environment["PERUSE_CONSOLE_PORT"] == str(console.getsockname()[1])


def test_without_the_demo_nothing_is_simulated() -> None:
    with ports.listen(0) as web, ports.listen(0) as console:
        found = programs.portal_programs(web, console, demo=False)
        assert "simulator" not in [one.name for one in found]


def test_the_stand_in_for_stripe_is_told_to_those_that_call_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("STRIPE_API_KEY", raising=False)
    monkeypatch.delenv("PERUSE_PRODUCTION", raising=False)
    with ports.listen(0) as web, ports.listen(0) as console, ports.listen(0) as stripe:
        told = programs.payment_environment(stripe, 8000)
        port = stripe.getsockname()[1]
        assert told["STRIPE_API_BASE"] == f"http://127.0.0.1:{port}"
        for one in programs.portal_programs(web, console, False, told):
            assert one.environment["STRIPE_API_KEY"] == told["STRIPE_API_KEY"]
        assert programs.stand_in(stripe, told).files == (stripe.fileno(),)


@pytest.mark.parametrize("name", ["STRIPE_API_KEY", "PERUSE_PRODUCTION"])
def test_no_stand_in_beside_a_real_key_or_in_production(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    with ports.listen(0) as stripe:
        assert programs.payment_environment(stripe, 8000) == {}
