"""Earlier months of what the portal billed and settled itself: the same rows, moved back in time.

Rows are copied with keys made from theirs, so that what referred to each other does so again.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.bench.contracts import ZONE
from tests.bench.stage import Stage


@dataclass(frozen=True)
class Copied:
    """A table: its columns of keys, of instants and of days, and what else a copy says otherwise."""

    table: str
    keys: tuple[str, ...]
    instants: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    others: str = ""

    def statement(self) -> str:
        """`%(back)s` is the number of months; `%(since)s` the month whose rows are copied."""
        pairs = [f"'{key}', md5(t.{key}::text || %(back)s::text)::uuid" for key in self.keys]
        step = "make_interval(months => %(back)s)"
        pairs += [
            f"'{name}', (t.\"{name}\" at time zone '{ZONE}' - {step}) at time zone '{ZONE}'"
            for name in self.instants
        ]
        pairs += [f"'{name}', (t.\"{name}\" - {step})::date" for name in self.days]
        pairs += [self.others] if self.others else []
        return (
            f"insert into {self.table} select r.* from {self.table}_now t, lateral "
            f"jsonb_populate_record(t, jsonb_build_object({', '.join(pairs)})) r"
        )


NUMBER = "'number', t.number || '-' || %(back)s::text"
PAID = "'paid_minor', t.gross_minor, 'open_minor', 0, 'state', 'paid'"
TABLES = (
    Copied("metering_billedperiod", ("id",), ("start", "end"), others="'follows_id', null"),
    Copied("metering_usagerecord", ("id", "billed_period_id"), ("starts_at", "ends_at", "recorded_at")),
    Copied("billing_invoice", ("id",),
           ("period_start", "period_end", "drafted_at", "approved_at", "issued_at"),
           ("issued_on", "due_on"), NUMBER),
    Copied("billing_invoiceline", ("id", "invoice_id", "billed_period_id"),
           ("service_start", "service_end")),
    Copied("billing_invoicetax", ("id", "invoice_id")),
    Copied("billing_receivable", ("id", "invoice_id"), ("moved_at",), ("issued_on", "due_on"), PAID),
    Copied("settlement_settledperiod", ("id", "billed_period_id"),
           ("period_start", "period_end", "settled_at")),
    Copied("settlement_share", ("id", "settled_id", "document_id", "line_id"),
           ("period_start", "period_end", "recognised_at")),
    Copied("settlement_transfer", ("id", "cause_id"), ("at",)),
)  # fmt: skip


@contextmanager
def unguarded(stage: Stage) -> Iterator[psycopg.Connection[Any]]:
    """The server's administrator, whose statements neither triggers nor references look at.

    For scenes: what holds for the portal's own rows holds for those moved or copied from them.
    """
    with closing(stage.login("admin")) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection


def make_past(connection: psycopg.Connection[Any], months: int) -> None:
    """The rows of all tables once more for each of so many months before."""
    for copied in TABLES:
        # A table of its own type, so that the copy's record is the table's.
        connection.execute(f"create table {copied.table}_now (like {copied.table})")
        connection.execute(f"insert into {copied.table}_now select * from {copied.table}")
    for back in range(1, months + 1):
        for copied in TABLES:
            connection.execute(copied.statement(), {"back": back})
    for copied in TABLES:
        connection.execute(f"drop table {copied.table}_now")
        connection.execute(f"vacuum analyze {copied.table}")
