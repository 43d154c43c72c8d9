"""Tells PostgreSQL who is asking: search path, company, person and role in one round trip.

It is sent whenever one of the four changed since it was last sent on this connection, and
forgotten on connect, close, rollback and savepoint rollback, because PostgreSQL takes a SET back
with the transaction that made it.
"""

import time
from typing import Any

from django.db.utils import DatabaseError, ProgrammingError
from django_tenants.postgresql_backend import base
from django_tenants.utils import quote_schema_name
from psycopg import Error as PsycopgError
from psycopg.pq import TransactionStatus

APP, OWNER, PLATFORM = "peruse_app", "peruse_owner", "peruse_platform"
ROLES = frozenset({APP, OWNER, PLATFORM})
# Asking a connection whether it lives is a journey of its own for every request.
TRUSTED_SECONDS = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    """django-tenants' wrapper with a company, a person and a role beside the search path."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.role = APP
        self.person_id: int | None = None
        self._sent: tuple[object, ...] | None = None
        self._trusted_until = 0.0
        self.health_check_done = False
        self._setting_search_path = False
        super().__init__(*args, **kwargs)

    @property
    def company_id(self) -> int | None:
        """The current company's key; None outside of any company."""
        return getattr(self.tenant, "pk", None)

    def connect(self) -> None:
        self._sent = None
        super().connect()
        self._trust()

    def _trust(self) -> None:
        self._trusted_until = time.monotonic() + TRUSTED_SECONDS

    def close_if_health_check_failed(self) -> None:
        """Ask whether the connection lives, but at most once a second.

        One that died since then is met by the statement itself: a 503, and a new connection.
        """
        if self.health_check_done:
            return
        if time.monotonic() < self._trusted_until:
            self.health_check_done = True  # not asked later either, within a transaction
            return
        super().close_if_health_check_failed()
        self._trust()

    def close(self) -> None:
        self._sent = None
        super().close()

    def rollback(self) -> None:
        self._sent = None
        super().rollback()

    def savepoint_rollback(self, sid: str) -> None:
        try:
            super().savepoint_rollback(sid)
        finally:
            self._sent = None

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path:
            return
        wanted = (
            tuple(self._get_cursor_search_paths()),
            self.company_id,
            self.person_id,
            self.role,
        )
        if self._sent == wanted:
            return
        self._setting_search_path = True
        speaker = self.connection.cursor() if cursor is None else cursor
        try:
            speaker.execute(_introduction(*wanted))
            self._sent = wanted
        except (DatabaseError, PsycopgError):
            self._sent = None
            # In an aborted transaction the next statement is the rollback, which must get through.
            if self.connection.info.transaction_status != TransactionStatus.INERROR:
                raise
        finally:
            self._setting_search_path = False
            if cursor is None:
                speaker.close()


def _introduction(
    schemas: tuple[str, ...], company_id: int | None, person_id: int | None, role: str
) -> str:
    if role not in ROLES:
        raise ProgrammingError(f"{role!r} is not a role of the portal")
    path = ",".join(quote_schema_name(schema) for schema in schemas)
    return (
        f"SET search_path = {path}; SET peruse.company = '{_key(company_id)}'; "
        f"SET peruse.person = '{_key(person_id)}'; SET ROLE {role}"
    )


def _key(value: int | None) -> str:
    return "" if value is None else str(int(value))
