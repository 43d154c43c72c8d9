"""The embedded servers start, serve, survive a kill and stop; provisioning fences the logins."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from portal.local import connection, postgres, provision, servers, state, valkey
from portal.local.state import CHECKOUT, LocalError

pytestmark = pytest.mark.usefixtures("own_state")


def connect(login: str, role: str | None = None) -> psycopg.Connection[Any]:
    found = connection.parameters(login)
    opened = provision.connect(found, found["NAME"])
    if role:
        opened.execute(f"SET ROLE {role}")  # type: ignore[arg-type]
    return opened


def value(opened: psycopg.Connection[Any], query: str) -> Any:
    row = opened.execute(query).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def test_a_second_start_finds_everything_running(own_state: Path) -> None:
    assert postgres.ensure_running()
    assert not postgres.ensure_running()
    assert valkey.ensure_running()
    assert not valkey.ensure_running()
    servers.start()
    servers.start()
    assert connection.broker_url().startswith("redis+socket:///")
    folder = Path(state.record()["postgres"]["socket"])
    servers.stop()
    assert not postgres.stop()
    assert not valkey.stop()
    assert not folder.exists()


def test_nothing_acknowledged_may_be_lost_and_no_address_is_open(own_state: Path) -> None:
    servers.start()
    with connect("ops") as opened:
        wanted = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
        wanted |= {"listen_addresses": "", "max_locks_per_transaction": "1024", "jit": "off"}
        assert {name: value(opened, f"SHOW {name}") for name in wanted} == wanted
        # The same letters on every machine, whatever locales it has.
        assert value(opened, "SELECT lower('ÄÖÜ')") == "äöü"


@pytest.mark.parametrize("login", ["app", "ops"])
def test_a_login_may_only_become_its_roles(own_state: Path, login: str) -> None:
    servers.start()
    allowed = {"app": {"peruse_app"}, "ops": set(provision.ROLES)}[login]
    for role in (*provision.ROLES, "postgres", "peruse_ops"):
        if role in allowed or (login, role) == ("ops", "peruse_ops"):
            connect(login, role).close()
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connect(login, role)


def test_rights_come_only_with_the_role(own_state: Path) -> None:
    servers.start()
    with connect("ops", "peruse_owner") as owner:
        owner.execute("CREATE TABLE public.thing (name citext)")
        owner.execute("GRANT SELECT ON public.thing TO peruse_app")
    with connect("app") as login:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.execute("SELECT * FROM public.thing")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.execute("CREATE TEMP TABLE mine (a int)")
        login.execute("SET ROLE peruse_app")
        assert login.execute("SELECT * FROM public.thing").fetchall() == []
        login.execute("CREATE TEMP TABLE mine (a int)")
        for statement in ("CREATE TABLE public.other (a int)", "DROP TABLE public.thing"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                login.execute(statement)  # type: ignore[arg-type]


def test_a_role_that_could_pass_the_fence_is_refused(own_state: Path) -> None:
    servers.start()
    with connect("admin") as admin:
        admin.execute("ALTER ROLE peruse_app BYPASSRLS")
    with pytest.raises(LocalError, match="must not have: peruse_app"):
        provision.provision_configured()


def test_provisioning_takes_back_a_membership_that_should_not_be(own_state: Path) -> None:
    servers.start()
    with connect("admin") as admin:
        admin.execute("GRANT peruse_owner TO peruse_web")
    connect("app", "peruse_owner").close()
    provision.provision_configured()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect("app", "peruse_owner")


def test_a_further_database_is_made_and_dropped(own_state: Path) -> None:
    servers.start()
    provision.provision_configured("another")
    found = connection.parameters("app", "another")
    provision.connect(found, "another").close()
    provision.drop_database(connection.parameters("admin"), "another")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        provision.connect(found, "another")


def test_after_a_kill_it_starts_again_with_its_data(own_state: Path) -> None:
    servers.start()
    with connect("ops", "peruse_owner") as owner:
        owner.execute("CREATE TABLE public.kept AS SELECT 1 AS a")
    kill_postmaster(own_state)
    assert postgres.ensure_running()
    with connect("ops", "peruse_owner") as owner:
        assert value(owner, "SELECT a FROM public.kept") == 1


def kill_postmaster(folder: Path) -> None:
    data = next(folder.glob("pg*/postmaster.pid"))
    os.kill(int(data.read_text().split()[0]), signal.SIGKILL)
    socket = state.record()["postgres"]["socket"]
    programs = Path(state.record()["postgres"]["programs"])
    deadline = time.monotonic() + 20
    while postgres.is_ready(programs, socket) and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_process_number_given_to_another_program_does_not_hinder(own_state: Path) -> None:
    servers.start()
    postgres.stop()
    data = Path(state.record()["postgres"]["data"])
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    assert postgres.ensure_running()


def test_two_starters_at_once_do_not_disturb_each_other(own_state: Path) -> None:
    command = [sys.executable, "-m", "portal.local", "with", "--", "true"]
    both = [subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.PIPE) for _ in range(3)]
    for each in both:
        _, errors = each.communicate(timeout=60)
        assert (each.returncode, errors) == (0, b"")


def test_the_last_user_switches_the_servers_off(own_state: Path) -> None:
    with servers.in_use():
        with servers.in_use():
            pass
        connect("app").close()
    assert not postgres.stop()
    servers.keep_running(True)
    with servers.in_use():
        pass
    assert postgres.stop()


def test_broker_messages_survive_a_restart(own_state: Path) -> None:
    valkey.ensure_running()
    path = state.record()["valkey"]["socket"]
    assert valkey.ask(path, "LPUSH company one").startswith(b":1")
    valkey.stop()
    valkey.ensure_running()
    assert valkey.ask(path, "LLEN company").startswith(b":1")


def test_without_a_broker_program_folders_take_its_place(
    own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valkey, "find_program", lambda: None)
    assert not valkey.ensure_running()
    assert connection.broker_url() == "filesystem://"
    assert Path(connection.broker_options()["data_folder_in"]).is_dir()


def test_a_server_that_cannot_start_shows_its_log(own_state: Path) -> None:
    servers.start()
    postgres.stop()
    data = Path(state.record()["postgres"]["data"])
    (data / "postgresql.auto.conf").write_text("shared_buffers = nonsense\n")
    with pytest.raises(LocalError, match="shared_buffers"):
        postgres.ensure_running()


def test_passwords_on_a_real_server_are_kept_private(own_state: Path) -> None:
    admin = {"HOST": "db.example", "PORT": "5432"}
    first = provision.kept_passwords(admin)
    assert provision.kept_passwords(admin) == first
    path = own_state / "credentials.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert set(json.loads(path.read_text())["db.example:5432"]) == {"peruse_web", "peruse_ops"}
