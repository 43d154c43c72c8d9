"""A request that writes an audit row waits for no sealer."""

import threading
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from apps.events.models import AuditRow
from apps.events.operations import record
from apps.tenancy.context import as_platform, company_context, no_company

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)


def test_a_request_appends_while_the_sealer_holds_its_lock(
    own_database: str, cast: dict[str, Any]
) -> None:
    provider, done = cast["provider"], threading.Event()

    def append() -> None:
        with company_context(provider):
            record(action="test.act", now=NOW)
        connection.close()
        done.set()

    with no_company(), as_platform(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtext('peruse.seal_audit'))")
        thread = threading.Thread(target=append)
        thread.start()
        assert done.wait(20)
        thread.join()
    with company_context(provider):
        assert AuditRow.objects.filter(action="test.act").count() == 1
