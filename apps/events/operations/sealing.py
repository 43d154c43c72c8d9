"""The sealer: chains committed audit rows per company, and looks each night whether the chains hold.

Requests only append: a chain made in the request would make all of a company's requests wait for each
other. Everything here asks as the platform.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.common.ids import encode
from apps.events.domain.sealing import (
    BEGINNING,
    Head,
    head_fault,
    linked,
    seal_faults,
)
from apps.events.models import AuditCheck, AuditRow, AuditSeal
from apps.events.operations.heads import begin_heads, keep_heads, kept_heads
from apps.tenancy.models import Company

logger = logging.getLogger(__name__)

# A row gets its key when it is made and is seen when it is committed: this much later at most.
LATEST_COMMIT = timedelta(hours=6)
BATCH = 5000
FAULTS_KEPT = 20
_COLUMNS = ("id", "author_id", "parties", "at", "actor_id", "actor", "action", "subject", "details")
# One sealer at a time, whatever runs twice.
_LOCK = "select pg_advisory_xact_lock(hashtext('peruse.seal_audit'))"
_UNSEALED = """
with sealed as (
    select unnest(rows) id from events_auditseal where last_row >= %(floor)s
)
select r.id from events_auditrow r left join sealed on sealed.id = r.id
where r.id >= %(floor)s and sealed.id is null order by r.id limit %(most)s
"""
_FOREIGN = """
with sealed as (select unnest(rows) id from events_auditseal where author_id = %(company)s)
select r.id from events_auditrow r left join sealed on sealed.id = r.id
where r.author_id = %(company)s and r.id < %(floor)s and sealed.id is null
order by r.id limit %(most)s
"""


def seal_audit(*, now: datetime) -> int:
    """Seal every row that is committed and not sealed yet; returns how many.

    The heads are kept outside after the commit; a crash between leaves an older head, which holds too.
    """
    total = 0
    while sealed := _seal_batch(now):
        total += sealed
    if total:
        _keep_heads()
    return total


@transaction.atomic
def _seal_batch(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_UNSEALED, {"floor": _floor(), "most": BATCH})
        keys = [row[0] for row in cursor.fetchall()]
    by_company: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in AuditRow.all_parties.filter(id__in=keys).order_by("id").values(*_COLUMNS):
        by_company[row["author_id"]].append(row)
    heads = _heads_of(by_company)
    begin_heads(by_company.keys() - heads.keys())
    AuditSeal.all_parties.bulk_create(
        [_seal(company, rows, heads.get(company), now) for company, rows in by_company.items()]
    )
    return len(keys)


def _floor() -> UUID:
    """The least key a row of any company may have that is not sealed yet."""
    seals = AuditSeal.all_parties.order_by("-last_row")
    last = seals.values_list("last_row", flat=True).first()
    if last is None:
        return UUID(int=0)
    milliseconds = (last.int >> 80) - int(LATEST_COMMIT.total_seconds() * 1000)
    return UUID(int=max(milliseconds, 0) << 80)


def _heads_of(companies: Iterable[int] | None = None) -> dict[int, Head]:
    rows = AuditSeal.all_parties.order_by("author_id", "-number").distinct("author_id")
    if companies is not None:
        rows = rows.filter(author_id__in=list(companies))
    return {
        author: Head(number, digest)
        for author, number, digest in rows.values_list("author_id", "number", "digest")
    }


def _seal(company: int, rows: list[dict[str, Any]], head: Head | None, now: datetime) -> AuditSeal:
    return AuditSeal(
        author_id=company, parties=[company], made_at=now, last_row=rows[-1]["id"],
        **linked(rows, head),
    )  # fmt: skip


def _keep_heads() -> None:
    """The new heads, except where the old one is not in the chain, or is lost: that is evidence."""
    kept, heads = kept_heads(), _heads_of()
    for company in heads.keys() - kept.keys():
        logger.error("audit chain of company %s: its head outside the database is lost", company)
        del heads[company]
    for company, head in kept.items():
        rows = AuditSeal.all_parties.filter(author_id=company, number=head.number)
        fault = head_fault(head, dict(rows.values_list("number", "digest")))
        if fault:
            logger.error("audit chain of company %s: %s", company, fault)
            heads[company] = head
    keep_heads(heads)


def accept_chain(*, company: Company) -> Head | None:
    """Take the chain as it stands from now on, such as after a restore; returns its head."""
    heads = kept_heads()
    heads.pop(company.pk, None)
    found = _heads_of([company.pk])
    keep_heads({**heads, **found})
    return found.get(company.pk)


def verify_audit(*, now: datetime) -> int:
    """Look whether every company's chain holds; note and log what does not. Returns how many broke."""
    try:
        kept = kept_heads()
    except ValueError:
        logger.exception("the file of audit heads cannot be read")
        kept = {}
    return sum(
        bool(_check(company, kept, now).faults) for company in Company.objects.order_by("pk")
    )


def _check(company: Company, kept: Mapping[int, Head], now: datetime) -> AuditCheck:
    faults, seals, rows = chain_faults(company_id=company.pk, kept=kept.get(company.pk))
    for fault in faults:
        logger.error("audit chain of company %s: %s", company.slug, fault)
    check, _made = AuditCheck.all_parties.update_or_create(
        author=company,
        defaults={
            "parties": [company.pk], "checked_at": now, "seals": seals, "rows": rows,
            "faults": faults[:FAULTS_KEPT],
        },
    )  # fmt: skip
    return check


def chain_faults(*, company_id: int, kept: Head | None) -> tuple[list[str], int, int]:
    """What is wrong with a company's chain, in words; how many seals and sealed rows it has."""
    faults: list[str] = []
    digests: dict[int, str] = {}
    previous, rows = BEGINNING, 0
    seals = AuditSeal.all_parties.filter(author_id=company_id).order_by("number")
    for number, seal in enumerate(seals.iterator(chunk_size=50), start=1):
        faults += seal_faults(seal, number, previous, _rows_of, AuditRow.prefix)
        previous = digests[seal.number] = seal.digest
        rows += len(seal.rows)
    faults += [f"{_name(key)} was put among sealed rows" for key in _foreign_rows(company_id)]
    fault = head_fault(kept, digests)
    return ([*faults, fault] if fault else faults), len(digests), rows


def _rows_of(seal: AuditSeal) -> Iterable[dict[str, Any]]:
    rows = AuditRow.all_parties.filter(author_id=seal.author_id, id__in=seal.rows)
    return rows.values(*_COLUMNS)


def _foreign_rows(company_id: int) -> list[UUID]:
    """Rows so old that the sealer must have seen them, and which are in no seal."""
    with connection.cursor() as cursor:
        cursor.execute(_FOREIGN, {"company": company_id, "floor": _floor(), "most": FAULTS_KEPT})
        return [row[0] for row in cursor.fetchall()]


def _name(key: UUID) -> str:
    return encode(AuditRow.prefix, key)
