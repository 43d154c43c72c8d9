"""A crash before or after any statement of a run and a correction: done again, nothing differs.

Afterwards everything is asked for again, from the run to the issue.

Every crash is made. Many leave the very same rows, since what is committed changes only now and then:
with keys from a counter those are the same to the byte, and are gone on from once.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from apps.billing.models import Correction, Invoice, InvoiceLine, RunItem
from apps.billing.operations import approve_invoices, correcting, issue_invoices, start_run
from apps.billing.operations.documents import rendering
from apps.billing.operations.keys import ensure_signing_key
from apps.common import ids
from apps.common.canonical import digest
from apps.events.domain import registry
from apps.events.operations import run_waiting_jobs
from apps.metering.models import BilledPeriod, UsageRecord
from apps.telemetry.operations import RawItem, recompute_dirty, take_in
from apps.tenancy.context import company_context
from tests import databases
from tests.crashes import LEASE_OVER, Crash, counted, resume_jobs
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings

pytestmark = pytest.mark.faults
CONTRACTS = 20
PARTS = 20
KEYS = [0]
# Keys that the database counts: sequences are not undone, and the next part's rows follow them.
FROM = itertools.count(1_000_000, 1_000_000)
# A partition's rows are its table's.
TABLES = """
    select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition
    and n.nspname in (current_schema(), 'public') and has_table_privilege(c.oid, 'select')"""


class Books:
    """A company with contracts on one press, and all that is done with them."""

    def __init__(self, provider: Any, customer: Any) -> None:
        self.provider = provider
        self.keys_from = next(FROM)
        self.press = make_asset(provider)
        for number in range(CONTRACTS):
            make_contract(provider, customer, [self.press], title=f"Contract {number:02d}")
        month_of_readings(provider, self.press, "2026-10", 1000, 1055)
        with company_context(provider):
            ensure_signing_key(now=NOW)

    def work(self, now: datetime) -> None:
        """Run, issue, hear a late reading, correct, issue. Twice is once."""
        with company_context(self.provider):
            resume_jobs(now)
            start_run(label="2026-10", now=now, started_by="test")
            run_waiting_jobs(now=now)
            self.issue(now)
            item = RawItem(0, self.press.public_id, "cycles", "2026-10-25T10:00:00Z", "1060")
            take_in(items=[item], source="test", now=now)
            recompute_dirty(now=now)
            run_waiting_jobs(now=now)
            self.issue(now)

    def issue(self, now: datetime) -> None:
        keys = list(Invoice.objects.exclude(state="issued").values_list("id", flat=True))
        approve_invoices(invoices=keys, now=now, approved_by="test")
        issue_invoices(invoices=keys, now=now, issued_by="test")

    def digest(self) -> str:
        """Everything billed, without ids and times."""
        with company_context(self.provider):
            lines = InvoiceLine.objects.select_related("invoice__contract", "corrects")
            return digest({
                "lines": sorted(
                    [line.invoice.contract.title, line.invoice.kind, line.invoice.state,
                     line.charge, line.generation, line.net_minor,
                     line.corrects.net_minor if line.corrects else None]
                    for line in lines
                ),
                "numbers": sorted(str(row.number) for row in Invoice.objects.all()),
                "corrections": sorted(row.state for row in Correction.objects.all()),
                "records": sorted(row.generation for row in UsageRecord.objects.all()),
                "periods": sorted(row.state for row in BilledPeriod.objects.all()),
                "parked": RunItem.objects.filter(state="parked").count(),
            })  # fmt: skip


@contextmanager
def forgotten() -> Iterator[None]:
    """What happens inside never happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


LAID_OUT: dict[tuple[str, bytes], bytes] = {}


@pytest.fixture
def books(
    cast: dict[str, Any], settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> Books:
    """The same page is laid out once: that takes four fifths of the work, and no statement."""
    settings.MEDIA_ROOT = tmp_path / "files"
    draw = rendering.render_pdf

    def remembered(document: Any, xml: bytes = b"") -> bytes:
        key = (rendering.page_of(document), xml)
        LAID_OUT[key] = LAID_OUT.get(key) or draw(document, xml)
        return LAID_OUT[key]

    monkeypatch.setattr(rendering, "render_pdf", remembered)
    return Books(cast["provider"], cast["customer"])


def undisturbed(books: Books) -> tuple[str, int]:
    """The digest of the books, and how many statements they take."""
    with forgotten(), counted() as count:
        books.work(NOW)
        statements = count[0]
        found = books.digest()
    return found, statements


def crashed(books: Books, at: int, after: bool, known: set[str] | None = None) -> str | None:
    """The digest after a crash there and everything once more; None if what it left is `known`."""
    with forgotten():
        same_keys(books.keys_from)
        with counted(at, after), suppress(Crash):
            books.work(NOW)
        if known is not None:
            rows = all_rows(books.provider)
            if rows in known:
                return None
            known.add(rows)
        books.work(NOW + LEASE_OVER)
        return books.digest()


def same_keys(first: int) -> None:
    """From here on keys are made in the same order as after any other call of this."""
    KEYS[0] = first
    with databases.admin(connection.settings_dict["NAME"]) as server:
        found = server.execute("select format('%I.%I', schemaname, sequencename) from pg_sequences")
        for (name,) in found.fetchall():
            server.execute("select setval(%s, %s)", [name, first])


def all_rows(company: Any) -> str:
    """A digest of each row of each table that the company sees, its own schema included."""
    with company_context(company), connection.cursor() as cursor:
        cursor.execute(TABLES)
        each = [
            f"select {name!r}, md5(string_agg(t::text, '|' order by t::text)) from {name} t"
            for (name,) in cursor.fetchall()
        ]
        cursor.execute(" union all ".join(each))
        return digest(sorted([name, found or ""] for name, found in cursor.fetchall()))


def test_a_crash_at_some_statements_changes_nothing(books: Books) -> None:
    expected, statements = undisturbed(books)
    assert statements > 200
    for at in range(11, statements, statements // 2):
        assert crashed(books, at, after=bool(at % 2)) == expected, at


@pytest.fixture
def counted_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    def next_key(_now: Any, _random: bytes | None = None) -> UUID:
        KEYS[0] += 1
        return new_id(NOW, KEYS[0].to_bytes(10, "big"))

    new_id = ids.new_id
    monkeypatch.setattr(ids, "new_id", next_key)


@pytest.mark.long
@pytest.mark.usefixtures("counted_keys")
def test_what_a_crash_leaves_is_recognised(books: Books) -> None:
    """The same crash leaves the same rows; another transaction's leaves others."""
    known: set[str] = set()
    _, statements = undisturbed(books)
    assert crashed(books, statements // 2, False, known)
    assert crashed(books, statements // 2, False, known) is None
    assert crashed(books, statements, True, known)


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.usefixtures("counted_keys")
def test_a_crash_before_and_after_every_statement_changes_nothing(books: Books, part: int) -> None:
    """All parts together take every statement, each before and after."""
    expected, statements = undisturbed(books)
    known: set[str] = set()
    size = -(-statements // PARTS)
    for at in range(1 + part * size, min(statements, (part + 1) * size) + 1):
        for after in (False, True):
            assert crashed(books, at, after, known) in (expected, None), (at, after)
    print(f"part {part}: {2 * size} crashes left {len(known)} states")


def test_control_without_transactions_a_crash_is_found(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The correction is written and its documents are not: nobody would ask for them again."""
    expected, _ = undisturbed(books)

    class Careless:
        atomic = staticmethod(lambda: nullcontext())

    work = registry.handler_of("billing.correct").work
    careless = registry.Handler("billing.correct", work, atomic=False)
    monkeypatch.setitem(registry._handlers, "billing.correct", careless)
    monkeypatch.setattr(correcting, "transaction", Careless)
    monkeypatch.setattr(
        "apps.billing.subscribers.correct_periods", correcting.correct_periods.__wrapped__
    )
    from apps.billing.operations import correction_rows

    write, written = correction_rows._write_documents, [0]

    def die_first(*words: Any) -> None:
        written[0] += 1
        if written[0] == 3:
            raise Crash
        write(*words)

    monkeypatch.setattr(correction_rows, "_write_documents", die_first)
    with forgotten():
        with suppress(Crash):
            books.work(NOW)
        books.work(NOW + LEASE_OVER)
        assert written[0] > 3
        assert books.digest() != expected
