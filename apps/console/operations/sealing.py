"""The operator's own acts are chained like companies' audit rows, their head kept in a file of its own.

As the platform: its worker seals each minute and looks each night whether the chain holds.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.console.models import OperatorAct, OperatorCheck, OperatorSeal
from apps.events.domain.sealing import (
    BEGINNING,
    Head,
    head_fault,
    linked,
    seal_faults,
)
from apps.events.operations.heads import begin_heads, keep_heads, kept_heads

logger = logging.getLogger(__name__)

LEDGER = "operator"
BATCH = 5000
FAULTS_KEPT = 20
# The file has heads by number of a ledger's chains; this ledger has one.
_CHAIN = 0
_COLUMNS = ("id", "at", "actor_id", "actor", "action", "company_id", "subject", "reason")
_LOCK = "select pg_advisory_xact_lock(hashtext('peruse.seal_operator'))"
_UNSEALED = """
select a.id from console_operatoract a
where not exists (select 1 from console_operatorseal s where a.id = any(s.rows)) order by a.id limit %s
"""


def seal_acts(*, now: datetime) -> int:
    """Seal every act that is committed and not sealed yet; returns how many."""
    total = 0
    while sealed := _seal_batch(now):
        total += sealed
    if total:
        _keep_head()
    return total


@transaction.atomic
def _seal_batch(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_UNSEALED, [BATCH])
        keys = [row[0] for row in cursor.fetchall()]
    if not keys:
        return 0
    head = _head()
    if head is None:
        begin_heads([_CHAIN], LEDGER)
    rows = list(OperatorAct.objects.filter(id__in=keys).order_by("id").values(*_COLUMNS))
    OperatorSeal.objects.create(made_at=now, **linked(rows, head))
    return len(rows)


def _head() -> Head | None:
    last = OperatorSeal.objects.order_by("-number").first()
    return Head(last.number, last.digest) if last else None


def _digests() -> dict[int, str]:
    return dict(OperatorSeal.objects.values_list("number", "digest"))


def _keep_head() -> None:
    """The new head, except where the old one is not in the chain, or is lost: that is evidence."""
    fault = head_fault(kept_heads(LEDGER).get(_CHAIN), _digests())
    if fault:
        logger.error("chain of the operator's acts: %s", fault)
        return
    accept_acts()


def accept_acts() -> Head | None:
    """Take the chain as it stands from now on, such as after a restore; returns its head."""
    head = _head()
    keep_heads({_CHAIN: head} if head else {}, LEDGER)
    return head


def verify_acts(*, now: datetime) -> list[str]:
    """Look whether the chain holds; keep and log what does not."""
    try:
        kept = kept_heads(LEDGER).get(_CHAIN)
    except ValueError:
        logger.exception("the file of the operator's head cannot be read")
        kept = None
    seals = list(OperatorSeal.objects.order_by("number"))
    faults = _chain_faults(seals)
    fault = head_fault(kept, _digests())
    faults += [fault] if fault else []
    for one in faults:
        logger.error("chain of the operator's acts: %s", one)
    OperatorCheck.objects.create(
        checked_at=now, seals=len(seals), rows=sum(len(seal.rows) for seal in seals),
        faults=faults[:FAULTS_KEPT],
    )  # fmt: skip
    return faults


def _chain_faults(seals: list[OperatorSeal]) -> list[str]:
    faults: list[str] = []
    previous = BEGINNING
    for number, seal in enumerate(seals, start=1):
        faults += seal_faults(seal, number, previous, _rows_of, OperatorAct.prefix)
        previous = seal.digest
    return faults


def _rows_of(seal: OperatorSeal) -> Iterable[dict[str, Any]]:
    return OperatorAct.objects.filter(id__in=seal.rows).values(*_COLUMNS)
