"""One worker serves two twin companies in turn, with exceptions in nested transactions.

Positive control: a connection that only sets its company once, as a careless middleware would, does
show the other's rows.
"""

import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from apps.events.models import AuditRow
from apps.events.operations import record
from apps.tenancy.context import company_context

pytestmark = pytest.mark.faults
TURNS = 200


class Stumble(RuntimeError):
    """Thrown on purpose."""


def seen_by(company: Any) -> set[str]:
    written = AuditRow.objects.filter(action__in=["turn", "lost"])
    return set(written.values_list("subject", flat=True))


def one_turn(company: Any, turn: int) -> set[str]:
    """Writes and reads as the company, stumbling at a different depth each turn."""
    with company_context(company):
        try:
            with transaction.atomic():
                record(action="turn", subject=company.slug, now=timezone.now())
                try:
                    with transaction.atomic():
                        record(action="lost", subject="lost", now=timezone.now())
                        raise Stumble
                except Stumble:
                    pass
                inside = seen_by(company)
                if turn % 3 == 0:
                    raise Stumble
        except Stumble:
            pass
        return inside | seen_by(company)


def test_no_foreign_row_in_one_connection(own_database: str, cast: dict[str, Any]) -> None:
    twins = [cast["provider"], cast["stranger"]]
    for turn in range(TURNS):
        company = twins[turn % 2]
        assert one_turn(company, turn) <= {company.slug}


def test_no_foreign_row_in_threads(own_database: str, cast: dict[str, Any]) -> None:
    foreign: list[set[str]] = []

    def work(start: int) -> None:
        twins = [cast["provider"], cast["stranger"]]
        for turn in range(start, start + 60):
            company = twins[turn % 2]
            seen = one_turn(company, turn)
            if not seen <= {company.slug}:
                foreign.append(seen)
        connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert foreign == []


def test_control_a_company_sent_only_once_does_leak(
    own_database: str, cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with company_context(cast["provider"]):
        record(action="turn", subject="provider", now=timezone.now())
    wrapper: Any = connection.__dict__.get("_connections") or connection
    monkeypatch.setattr(
        type(connections["default"]), "_handle_search_path", lambda self, cursor=None: None
    )
    assert wrapper is not None
    with company_context(cast["stranger"]):
        assert seen_by(cast["stranger"]) == {"provider"}
