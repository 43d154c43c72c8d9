"""Connection parameters come from the environment or from what the servers noted."""

import json
from pathlib import Path

import pytest

from portal.local import connection, state
from portal.local.state import LocalError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATABASE_URL", "DATABASE_WEB_URL", "DATABASE_OPS_URL", "CELERY_BROKER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PERUSE_STATE", str(tmp_path))
    return tmp_path


def note_embedded() -> None:
    state.note(postgres={"socket": "/run/p", "port": 5432, "user": "postgres"}, provisioned=True)


def test_the_embedded_server_is_reached_over_its_socket() -> None:
    note_embedded()
    assert connection.parameters("app") == {
        "NAME": "peruse",
        "USER": "peruse_web",
        "PASSWORD": "",
        "HOST": "/run/p",
        "PORT": "5432",
    }
    assert connection.parameters("ops", "other")["NAME"] == "other"
    assert connection.parameters("ops")["USER"] == "peruse_ops"
    assert connection.parameters("admin")["USER"] == "postgres"


def test_a_server_never_set_up_says_what_to_do() -> None:
    with pytest.raises(LocalError, match="make setup"):
        connection.parameters("app")


def test_a_started_but_unprovisioned_server_serves_only_provisioning() -> None:
    state.note(postgres={"socket": "/run/p", "port": 5432, "user": "postgres"})
    assert connection.parameters("admin")["HOST"] == "/run/p"
    with pytest.raises(LocalError, match="never set up"):
        connection.parameters("ops")


def test_an_unknown_login_is_refused() -> None:
    note_embedded()
    with pytest.raises(LocalError, match='"root" is unknown'):
        connection.parameters("root")


def test_an_administrators_address_gives_the_two_logins_their_passwords(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://boss:s3@db.example:5433/shop?sslmode=require")
    with pytest.raises(LocalError, match=r"portal\.local provision"):
        connection.parameters("app")
    kept = {"db.example:5433": {"peruse_web": "w", "peruse_ops": "o"}}
    (folder / "credentials.json").write_text(json.dumps(kept))
    assert connection.parameters("app") == {
        "NAME": "shop",
        "USER": "peruse_web",
        "PASSWORD": "w",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }
    assert connection.parameters("ops")["PASSWORD"] == "o"
    assert connection.parameters("admin")["USER"] == "boss"
    assert connection.database_name() == "shop"


def test_ready_made_addresses_need_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_WEB_URL", "postgres://web:a@h/one")
    monkeypatch.setenv("DATABASE_OPS_URL", "postgres://ops:b@h/one")
    assert connection.parameters("app")["USER"] == "web"
    assert connection.parameters("ops")["PASSWORD"] == "b"


def test_an_unreadable_address_does_not_repeat_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u:secret@h:port/x?nonsense=1")
    with pytest.raises(LocalError) as caught:
        connection.parameters("admin")
    assert "secret" not in str(caught.value)


def test_the_broker_is_the_given_one_else_valkey_else_folders(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connection.broker_url() == "filesystem://"
    assert connection.broker_options()["data_folder_in"] == str(folder / "broker/messages")
    state.note(valkey={"socket": "/run/v.sock"})
    assert connection.broker_url() == "redis+socket:///run/v.sock"
    assert connection.broker_options() == {}
    monkeypatch.setenv("CELERY_BROKER_URL", "amqp://q")
    assert connection.broker_url() == "amqp://q"
