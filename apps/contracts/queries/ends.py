"""Ends of contracts in force: when notice may end one, and what is proposed or was given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from apps.common.canonical import digest
from apps.common.period import local_date
from apps.contracts.domain.notice import PERIOD
from apps.contracts.models import Contract, EndNotice, Signature
from apps.contracts.queries.plans import next_period_start, starts_a_period
from apps.contracts.queries.refusals import own_refusal
from apps.tenancy.context import current_company


def end_content(contract: Contract, row: EndNotice) -> str:
    """SHA-256 of what both sign: this contract ends before this day, as this row says."""
    return digest({"contract": contract.public_id, "end": row.public_id, "ends_on": row.ends_on})


def earliest_end(contract: Contract, today: date) -> date | None:
    """The first day that notice given today may name; None where none is agreed, or the contract
    ends before it in any case."""
    terms = contract.notice_terms
    if terms is None:
        return None
    day = max(today + timedelta(days=terms.days), contract.starts_on + timedelta(days=1))
    if terms.to == PERIOD and not starts_a_period(contract, day):
        day = next_period_start(contract, day)
    return None if contract.ends_on is not None and day >= contract.ends_on else day


def may_be_given_notice(contract: Contract, ends_on: date, today: date) -> bool:
    """Whether the contract's terms let one side alone end it before that day, by notice today."""
    earliest, terms = earliest_end(contract, today), contract.notice_terms
    if earliest is None or terms is None or ends_on < earliest:
        return False
    return terms.to != PERIOD or starts_a_period(contract, ends_on)


def ends_of(contract: Contract) -> list[EndNotice]:
    """Everything given or proposed and not withdrawn, the oldest first. One query."""
    rows = EndNotice.objects.filter(contract=contract, state=EndNotice.State.OPEN)
    return list(rows.select_related("author").order_by("made_at", "id"))


def can_be_signed(contract: Contract, row: EndNotice, now: datetime) -> bool:
    """Whether a proposed end is still ahead and would end the contract sooner."""
    sooner = contract.ends_on is None or row.ends_on < contract.ends_on
    ahead = row.ends_on >= local_date(now, contract.time_zone)
    return contract.state == Contract.State.ACTIVE and sooner and ahead


def ends_to_sign(today: date) -> Exists:
    """A condition on contracts: an end the other side proposes waits for the current company's yes."""
    own = current_company()
    signed = Signature.objects.filter(
        author=own, contract=OuterRef("contract"), content_sha256=OuterRef("content_sha256")
    )
    waiting = EndNotice.objects.exclude(author=own).filter(
        Q(contract__ends_on=None) | Q(ends_on__lt=F("contract__ends_on")),
        contract=OuterRef("pk"), contract__state=Contract.State.ACTIVE,
        kind=EndNotice.Kind.PROPOSAL, state=EndNotice.State.OPEN, ends_on__gte=today,
    )  # fmt: skip
    return Exists(waiting.exclude(Exists(signed)).exclude(own_refusal("made_at")))


def signed_ends(contract: Contract, rows: Sequence[EndNotice]) -> dict[UUID, Signature]:
    """By proposal's key the other side's signature, where it has signed. One query, none without
    a proposal."""
    asked = [row.content_sha256 for row in rows if row.kind == EndNotice.Kind.PROPOSAL]
    if not asked:
        return {}
    found = Signature.objects.filter(contract=contract, content_sha256__in=asked)
    return _others(rows, found.select_related("author"))


def _others(rows: Iterable[EndNotice], signatures: Iterable[Signature]) -> dict[UUID, Signature]:
    by_content = {row.content_sha256: row for row in rows}
    return {
        row.pk: signature for signature in signatures
        if (row := by_content.get(signature.content_sha256))
        and row.author_id != signature.author_id
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownEnd:
    """An end as the contract's page has it. `agreed`: the other side's signature; `waits`: it may still
    be signed; `lapsed`: it was not in time."""

    row: EndNotice
    ours: bool
    agreed: Signature | None
    waits: bool
    lapsed: bool


def shown_ends(
    contract: Contract, signatures: Iterable[Signature], now: datetime
) -> list[ShownEnd]:
    """Of a contract that is concluded, what was given or proposed; one query, none of another."""
    if not contract.is_concluded:
        return []
    own, rows = current_company().pk, ends_of(contract)
    signed = _others(rows, signatures)
    found = []
    for row in rows:
        asked = row.kind == EndNotice.Kind.PROPOSAL and row.pk not in signed
        waits = asked and can_be_signed(contract, row, now)
        found.append(
            ShownEnd(row, row.author_id == own, signed.get(row.pk), waits, asked and not waits)
        )
    return found
