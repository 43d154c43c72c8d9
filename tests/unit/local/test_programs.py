"""Which program runs with which login."""

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
