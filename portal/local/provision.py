"""Makes roles, logins, database and extensions; a second run changes nothing.

Three roles nobody can log in as, and two logins that have no rights but to become them:
`peruse_web` only `peruse_app`, `peruse_ops` each of the three.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.sql import Identifier

from portal.local import connection, state
from portal.local.state import LocalError

ROLES = ("peruse_owner", "peruse_app", "peruse_platform")
MEMBERSHIPS = {"peruse_web": ("peruse_app",), "peruse_ops": ROLES}
EXTENSIONS = ("btree_gist", "pg_trgm", "citext", "unaccent")
MAINTENANCE_DATABASE = "postgres"
LOCK = 7368742353  # any fixed number: all who provision this server take the same

Connection = psycopg.Connection[Any]


def provision(admin: dict[str, Any], database: str, passwords: dict[str, str] | None) -> None:
    """Bring the server of `admin` (Django's connection parameters) to the wanted state.

    `passwords` by login; None where the server trusts its socket. Waits for another run on the
    same server. Raises LocalError naming what stands in the way.
    """
    try:
        with connect(admin, MAINTENANCE_DATABASE) as server, exclusively(server):
            make_roles(server)
            make_logins(server, passwords)
            make_database(server, database)
            refuse_powerful(server)
            with connect(admin, database) as inside:
                grant_inside(inside)
    except psycopg.Error as error:
        raise LocalError(f"The database server could not be set up: {error}") from error


def provision_configured(database: str | None = None) -> None:
    """Provision the server that the environment names, the embedded one (running) by default."""
    admin = connection.parameters("admin")
    real_server = bool(os.environ.get("DATABASE_URL"))
    passwords = kept_passwords(admin) if real_server else None
    provision(admin, database or connection.database_name(), passwords)
    if not real_server:
        state.note(provisioned=True)


def drop_database(admin: dict[str, Any], database: str) -> None:
    """Remove a database with everything in it, closing its connections (for tests)."""
    with connect(admin, MAINTENANCE_DATABASE) as server:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        server.execute(statement.format(Identifier(database)))


def kept_passwords(admin: dict[str, Any]) -> dict[str, str]:
    """The logins' passwords on this server, made once and kept for this user alone."""
    state.prepare_state()
    with state.locked("credentials"):
        everything = connection.credentials()
        key = connection.server_key(admin)
        if key not in everything:
            everything[key] = {login: secrets.token_urlsafe(24) for login in MEMBERSHIPS}
            state.write_private(connection.credentials_path(), json.dumps(everything, indent=1))
        return everything[key]


def connect(admin: dict[str, Any], database: str) -> Connection:
    return psycopg.connect(
        dbname=database,
        user=admin["USER"] or None,
        password=admin["PASSWORD"] or None,
        host=admin["HOST"] or None,
        port=admin["PORT"] or None,
        autocommit=True,
        connect_timeout=10,
        **admin.get("OPTIONS", {}),
    )


@contextmanager
def exclusively(server: Connection) -> Iterator[None]:
    server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        server.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def exists(server: Connection, query: str, name: str) -> bool:
    return server.execute(query, [name]).fetchone() is not None


def make_roles(server: Connection) -> None:
    for role in ROLES:
        make_role(server, role, "NOLOGIN NOCREATEDB NOCREATEROLE")
    if not is_superuser(server):
        # A managed server's administrator must be a member to hand a database over.
        server.execute("GRANT peruse_owner TO CURRENT_USER")


def make_role(server: Connection, role: str, attributes: str) -> None:
    if not exists(server, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        statement = sql.SQL("CREATE ROLE {} " + attributes)
        server.execute(statement.format(Identifier(role)))


def make_logins(server: Connection, passwords: dict[str, str] | None) -> None:
    for login, roles in MEMBERSHIPS.items():
        make_role(server, login, "LOGIN NOINHERIT NOCREATEDB NOCREATEROLE")
        if passwords:
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            server.execute(statement.format(Identifier(login), sql.Literal(passwords[login])))
        for role in ROLES:
            set_membership(server, login, role, role in roles)


def set_membership(server: Connection, login: str, role: str, wanted: bool) -> None:
    names = {"login": Identifier(login), "role": Identifier(role)}
    if not wanted:
        if is_member(server, login, role):
            server.execute(sql.SQL("REVOKE {role} FROM {login}").format(**names))
    elif server.info.server_version >= 160000:
        # Since 16 a grant itself says whether rights come without SET ROLE.
        statement = "GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE"
        server.execute(sql.SQL(statement).format(**names))
    elif not is_member(server, login, role):
        server.execute(sql.SQL("GRANT {role} TO {login}").format(**names))


def is_member(server: Connection, login: str, role: str) -> bool:
    query = """SELECT 1 FROM pg_auth_members
               WHERE member = %s::regrole AND roleid = %s::regrole"""
    return server.execute(query, [login, role]).fetchone() is not None


def is_superuser(server: Connection) -> bool:
    query = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    row = server.execute(query).fetchone()
    return bool(row and row[0])


def refuse_powerful(server: Connection) -> None:
    """Roles belong to the whole server: one made by hand before must not undo the fence."""
    query = """SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND (rolsuper OR rolbypassrls
               OR rolcreaterole OR rolreplication OR rolcanlogin <> (rolname = ANY(%s))
               OR (rolcanlogin AND rolinherit))"""
    logins = list(MEMBERSHIPS)
    wrong = [row[0] for row in server.execute(query, [[*ROLES, *logins], logins])]
    if wrong:
        raise LocalError(f"These roles have rights they must not have: {', '.join(wrong)}.")


def make_database(server: Connection, database: str) -> None:
    if not exists(server, "SELECT 1 FROM pg_database WHERE datname = %s", database):
        statement = sql.SQL("CREATE DATABASE {} OWNER peruse_owner ENCODING 'UTF8'")
        server.execute(statement.format(Identifier(database)))
    for text in (
        "ALTER DATABASE {} OWNER TO peruse_owner",
        "REVOKE ALL ON DATABASE {} FROM PUBLIC",
        # CONNECT is asked before SET ROLE, hence of the logins; TEMP after, hence of the role.
        "GRANT CONNECT ON DATABASE {} TO peruse_web, peruse_ops",
        "GRANT TEMPORARY ON DATABASE {} TO peruse_app",
    ):
        server.execute(sql.SQL(text).format(Identifier(database)))


def grant_inside(inside: Connection) -> None:
    inside.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    inside.execute("GRANT USAGE ON SCHEMA public TO peruse_owner, peruse_app, peruse_platform")
    inside.execute("GRANT CREATE ON SCHEMA public TO peruse_owner")
    for extension in EXTENSIONS:
        statement = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public")
        inside.execute(statement.format(Identifier(extension)))
