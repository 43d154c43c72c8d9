"""Which checks there are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

Finder = Callable[[datetime], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """`find(now)` yields a sentence for everything that is broken."""

    name: str
    title: str
    find: Finder


SHARED_CHECKS: list[Check] = []
COMPANY_CHECKS: list[Check] = []


def shared(title: str) -> Callable[[Finder], Finder]:
    """Register a check over the shared tables."""
    return _register(SHARED_CHECKS, title)


def of_company(title: str) -> Callable[[Finder], Finder]:
    """Register a check that runs inside every company."""
    return _register(COMPANY_CHECKS, title)


def _register(checks: list[Check], title: str) -> Callable[[Finder], Finder]:
    def register(find: Finder) -> Finder:
        checks.append(Check(find.__name__, title, find))
        return find

    return register


def rows(sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """All rows of a question to the current role's view of the database."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
