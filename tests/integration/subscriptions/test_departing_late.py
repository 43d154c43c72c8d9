"""What changes while a company leaves: an export from before does not count, nor is who joined another erased."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.accounts.operations import add_membership
from apps.events.operations import run_waiting_jobs
from apps.subscriptions.models import Certificate
from apps.subscriptions.operations import ask_to_leave, erasing
from apps.subscriptions.operations.leaving import start_leaving_export
from apps.subscriptions.queries import last_export
from apps.tenancy.context import as_platform, company_context, no_company
from tests.conftest import make_person
from tests.integration.subscriptions.test_departing import departure_of, whole_way, worker
from tests.world import NOW

ASKED = NOW + timedelta(days=1)


@pytest.fixture
def leaving(cast: dict[str, Any]) -> Any:
    """A company that took its data along yesterday and asks to leave today."""
    company = cast["stranger"]
    with company_context(company):
        start_leaving_export(now=NOW, actor="Anna")
        run_waiting_jobs(now=NOW)
        assert last_export()
        ask_to_leave(now=ASKED, actor=make_person(company))
    return company


def test_an_export_from_before_does_not_count(leaving: Any) -> None:
    due = departure_of(leaving).due_at
    assert worker(due) == 0
    found = departure_of(leaving)
    assert (found.state, found.held) == ("asked", ["The export is not written yet."])
    with company_context(leaving):
        run_waiting_jobs(now=due)
    assert worker(due + timedelta(hours=7)) == 1
    assert departure_of(leaving).export["written_at"] == due.isoformat()


@pytest.mark.parametrize("joins", [True, False])
def test_who_joins_another_company_meanwhile_stays(
    leaving: Any, cast: dict[str, Any], joins: bool
) -> None:
    """Whoever joins none is erased: the control."""
    person, due = make_person(leaving), departure_of(leaving).due_at
    with company_context(leaving):
        run_waiting_jobs(now=ASKED)
    assert worker(due) == 1
    with no_company(), as_platform():
        assert erasing._clear(departure_of(leaving).pk)
    assert departure_of(leaving).report["people"] == [person.pk]
    if joins:
        with company_context(cast["workshop"]):
            add_membership(user=person, position="viewer", now=due)
    whole_way(due + timedelta(minutes=4))
    assert departure_of(leaving).state == "erased"
    assert User.objects.get(pk=person.pk).is_active is joins
    with no_company(), as_platform():
        body = Certificate.objects.get(company=leaving).body
    assert body["deleted"]["people"] == (0 if joins else 1)
