"""What the pages of settlement show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from apps.billing.models import Receivable
from apps.common.sankey import Flow
from apps.contracts.domain.example import Flows, pass_on
from apps.settlement.domain.ledger import SHARED, Purpose
from apps.settlement.models import Account, SettledPeriod, Share, Statement, Transfer
from apps.tenancy.context import current_company


def shares_seen() -> QuerySet[Share]:
    """The company's own shares, and those of its partners where it provides; not its own rest."""
    rows: QuerySet[Share] = Share.objects.exclude(partner=F("author"))
    return rows


def periods_with_margin() -> QuerySet[SettledPeriod]:
    """Settled periods with what others have of them and what is left."""
    # Summed for the rows that are shown, not for all that are counted and sorted before.
    others = Share.objects.filter(settled=OuterRef("pk")).exclude(partner=current_company())
    sums = others.order_by().values("settled").annotate(sum=Sum("amount_minor")).values("sum")
    rows: QuerySet[SettledPeriod] = SettledPeriod.objects.select_related("contract").annotate(
        shared_minor=Coalesce(Subquery(sums), Value(0))
    )
    return rows.annotate(margin_minor=F("net_minor") - F("shared_minor"))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where money stands with one company in one currency; minor units."""

    name: str
    currency: str
    owed: int
    payable: int
    in_payout: int
    paid: int
    due_back: int


class Standings(list[Standing]):
    """Rows of a table; its columns are those that say something."""

    @property
    def are_paid_out(self) -> bool:
        return any(row.in_payout or row.paid for row in self)

    @property
    def have_back(self) -> bool:
        return any(row.due_back for row in self)


def standings(mine: bool) -> Standings:
    """What partners get of this company's contracts (mine), or what it gets of others'. One query."""
    own = current_company()
    rows = Account.objects.filter(purpose__in=SHARED)
    rows = rows.filter(author=own) if mine else rows.filter(partner=own)
    name = "partner_name" if mine else "owner_name"
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        found.setdefault((getattr(row, name), row.currency), {})[row.purpose] = row.balance_minor
    return Standings(
        _standing(who, currency, sums) for (who, currency), sums in sorted(found.items())
    )


def _standing(name: str, currency: str, sums: dict[str, int]) -> Standing:
    return Standing(
        name, currency, sums.get(Purpose.OWED, 0), sums.get(Purpose.PAYABLE, 0),
        sums.get(Purpose.IN_PAYOUT, 0), sums.get(Purpose.PAID, 0), -sums.get(Purpose.DUE_BACK, 0),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What is open on documents in one currency, how much of it after its day, the next day due."""

    currency: str
    open_minor: int
    overdue_minor: int
    count: int
    next_due: date | None


def unsettled(mine: bool, today: Any) -> list[Unsettled]:
    """Open documents the company issued (mine) or received. One query."""
    own = current_company()
    rows = Receivable.objects.filter(open_minor__gt=0)
    rows = rows.filter(author=own) if mine else rows.filter(customer=own)
    late = Sum(Case(When(due_on__lt=today, then=F("open_minor")), default=Value(0)))
    sums = rows.order_by().values("currency").annotate(
        open=Sum("open_minor"), late=late, number=Sum(Value(1)),
        next_due=Min("due_on", filter=Q(due_on__gte=today)),
    )  # fmt: skip
    return [
        Unsettled(row["currency"], row["open"], row["late"], row["number"], row["next_due"])
        for row in sums.order_by("currency")
    ]


def sides_of_transfers() -> Sequence[Q]:
    """The company's own ledger, and what others' ledgers say of it."""
    own = current_company()
    others = Account.objects.filter(partner=own).exclude(author=own).order_by()
    return Q(author=own), Q(debit__in=others.values("id"))


def transfers_seen() -> QuerySet[Transfer]:
    """Rows of the company's own ledger and of those others keep with it."""
    rows: QuerySet[Transfer] = Transfer.objects.select_related("debit", "credit")
    shares = Share.objects.order_by().values("document_number")
    numbers = [
        shares.filter(id=OuterRef("cause_id"))[:1],
        shares.filter(document_id=OuterRef("cause_id"))[:1],
        Statement.objects.filter(id=OuterRef("cause_id")).values("number")[:1],
    ]
    return rows.annotate(document=Coalesce(*[Subquery(found) for found in numbers], Value("")))


def flows(shares: Iterable[Share], title: Any, rest: int) -> list[Flow]:
    """What flows from each charge to each company in the end, for the picture."""
    names: dict[int, str] = {}
    sums: Flows = {}
    once: list[Share] = []
    for share in shares:
        names[share.partner_id] = share.partner_name
        if not share.charge:
            once.append(share)
            continue
        place = title(share), share.partner_id
        sums[place] = sums.get(place, 0) + share.amount_minor
    for share in once:
        if share.partner_id != rest:
            giver, taker = (rest, share.partner_id)
            if share.amount_minor < 0:
                giver, taker = taker, giver
            pass_on(sums, giver, taker, abs(share.amount_minor))
    return [Flow(line, names[party], minor) for (line, party), minor in sums.items() if minor > 0]


def shares_of_document(document_id: UUID) -> list[Share]:
    """All shares of one document that the company sees, the rest last."""
    rows = Share.objects.filter(document_id=document_id).select_related("settled__version")
    own = current_company().pk
    return sorted(rows, key=lambda share: (share.partner_id == own, share.partner_name, share.id))
