"""Statements of partners: planned from shares, judged, numbered last, frozen; files by a job after it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.domain.facts import party_facts
from apps.billing.domain.numbers import number_text, self_billed_series
from apps.billing.operations.documents import broken_rules, store_document_files
from apps.billing.operations.numbering import take_numbers
from apps.billing.queries.rates import tax_rates
from apps.common.period import local_date
from apps.events.operations import enqueue, publish, record_all
from apps.pricing.tax import TaxedNet, tax_totals
from apps.settlement.domain.statements import (
    CATEGORIES,
    Kind,
    Nature,
    line_minor,
    line_taxes,
    parts_of,
)
from apps.settlement.events import StatementsIssued
from apps.settlement.models import (
    SelfBillingAgreement,
    SettledPeriod,
    Share,
    Statement,
    StatementLine,
)
from apps.settlement.operations.paying import make_payable
from apps.settlement.operations.taxes import post_taxes
from apps.settlement.queries.natures import Piece, natures_of
from apps.settlement.queries.statements import document_of_statement, lines_of, waiting_shares
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

# Settled periods in one transaction.
CHUNK = 100
_ZERO_RATED, _STANDARD = "Z", "S"
_TAX_ID_RULES = frozenset({"BR-CO-26", "BR-S-02", "BR-Z-02", "BR-E-02", "BR-AE-02"})


@dataclass(slots=True)
class Plan:
    """Statements that can be issued with their lines, and what is held back: (statement, reasons)."""

    ready: list[tuple[Statement, list[StatementLine]]] = field(default_factory=list)
    held: list[tuple[Statement, list[str]]] = field(default_factory=list)


def plan_statements(*, now: datetime, settled_ids: Iterable[UUID] | None = None) -> Plan:
    """What would be issued now of the first settled periods that wait. Writes nothing."""
    chosen = _waiting_periods(None) if settled_ids is None else list(settled_ids)
    shares = waiting_shares().filter(settled__in=chosen).order_by("settled", "partner", "id")
    groups: dict[tuple[UUID, int], list[Share]] = {}
    for share in shares:
        groups.setdefault((share.settled_id, share.partner_id), []).append(share)
    conditions = _Conditions.read({partner for _settled, partner in groups})
    natures = natures_of({settled for settled, _partner in groups}, conditions.reduced)
    plan = Plan()
    for (_settled, partner), rows in groups.items():
        pieces = [piece for row in rows for piece in natures.pieces(row)]
        _plan_group(plan, conditions, partner, pieces, now)
    return plan


def _waiting_periods(after: UUID | None) -> list[UUID]:
    rows = waiting_shares().order_by("settled").values_list("settled", flat=True).distinct()
    return list((rows.filter(settled__gt=after) if after else rows)[:CHUNK])


@dataclass(frozen=True, slots=True)
class _Conditions:
    """Companies, agreements and tax rates that many statements need, read at once."""

    partners: dict[int, Company]
    agreements: list[SelfBillingAgreement]
    rates: dict[tuple[str, str], list[tuple[date, Decimal]]]

    @classmethod
    def read(cls, keys: set[int]) -> "_Conditions":
        partners = Company.objects.in_bulk(keys)
        agreements = SelfBillingAgreement.objects.written_by(current_company())
        return cls(
            partners, list(agreements.filter(partner__in=keys).select_related("answer")),
            tax_rates({company.country for company in (*partners.values(), current_company())}),
        )  # fmt: skip

    def agreement(self, partner: int, day: date) -> SelfBillingAgreement | None:
        found = (item for item in self.agreements if item.partner_id == partner)
        return next((item for item in found if item.holds_on(day)), None)

    def tax(
        self, agreement: SelfBillingAgreement, day: date, nature: Nature
    ) -> tuple[str, Decimal] | None:
        """Category and rate of the partner's supply; None where its country's rate is not known.

        Who charges tax supplies what is reduced, exempt or outside the scope as that.
        """
        category = CATEGORIES[agreement.tax_status]
        if category == _STANDARD and nature in (Nature.EXEMPT, Nature.OUTSIDE):
            category = nature.value
        if category != _STANDARD:
            return category, Decimal(0)
        kind = nature.value or _STANDARD
        known = self._rate(self.partners[agreement.partner_id].country, kind, day)
        if known is None:
            return None
        return (_STANDARD if known else _ZERO_RATED), known

    def reduced(self, country: str, day: date) -> Decimal | None:
        return self._rate(country, Nature.REDUCED.value, day)

    def _rate(self, country: str, kind: str, day: date) -> Decimal | None:
        rates = self.rates.get((country, kind), [])
        return next((percent for since, percent in reversed(rates) if since <= day), None)


def _plan_group(
    plan: Plan, conditions: _Conditions, partner: int, pieces: Sequence[Piece], now: datetime
) -> None:
    """All documents of a group or none: a share that stands on one in part waits no more."""
    first = pieces[0].share
    day = local_date(first.last_moment, first.time_zone)
    agreement = conditions.agreement(partner, day)
    ready, problems = [], []
    for nature, of_nature in _sorted_out(pieces, agreement is not None):
        tax = ("", Decimal(0)) if agreement is None else conditions.tax(agreement, day, nature)
        for kind, part in parts_of(of_nature, lambda piece: piece.minor, agreement is not None):
            statement, lines = _statement(
                kind, conditions.partners[partner], agreement, part, tax or ("", Decimal(0)), now
            )
            ready.append((statement, lines))
            problems += (
                [_("The country's tax rate is not known for the period.")]
                if tax is None
                else _problems(statement, lines)
            )
    if problems:
        plan.held += [(statement, problems) for statement, _lines in ready]
    else:
        plan.ready += ready


def _sorted_out(pieces: Sequence[Piece], agreed: bool) -> list[tuple[Nature, list[Piece]]]:
    """A document per tax; an advice names none."""
    if not agreed:
        return [(Nature.USUAL, list(pieces))]
    found: dict[Nature, list[Piece]] = {}
    for piece in pieces:
        found.setdefault(piece.nature, []).append(piece)
    return sorted(found.items())


def _problems(statement: Statement, lines: list[StatementLine]) -> list[str]:
    """Rules of EN 16931 that the document would break, such as a partner without a tax id."""
    if statement.kind == Kind.ADVICE:
        return []
    found = broken_rules(document_of_statement(statement, lines))
    return [f"{item.rule}: {_words(item.rule) or item.text}" for item in found]


def _words(rule: str) -> str:
    """What the partner has to do about the rules on the seller's tax id; of others nothing."""
    if rule in _TAX_ID_RULES:
        return _(
            "The partner has no VAT id and no tax number; it enters one in its company's data."
        )
    return ""


def _statement(
    kind: Kind, partner: Company, agreement: SelfBillingAgreement | None, pieces: Sequence[Piece],
    tax: tuple[str, Decimal], now: datetime,
) -> tuple[Statement, list[StatementLine]]:  # fmt: skip
    own, first = current_company(), pieces[0].share
    issued_on = local_date(now, own.time_zone)
    amounts = [line_minor(kind, piece.minor) for piece in pieces]
    category, percent = tax
    taxes = tax_totals([TaxedNet(category, percent, minor) for minor in amounts])
    net, taxed = sum(amounts), sum(total.tax_minor for total in taxes)
    statement = Statement(
        author=own, parties=first.parties, kind=kind, partner=partner, settled_id=first.settled_id,
        agreement=agreement, facts={"seller": party_facts(partner), "buyer": party_facts(own)},
        owner_name=own.name, partner_name=partner.name, contract_title=first.contract_title,
        period_start=first.period_start, period_end=first.period_end, time_zone=first.time_zone,
        currency=first.currency, net_minor=net, tax_minor=taxed, gross_minor=net + taxed,
        tax_category=category, tax_percent=percent, issued_at=now, issued_on=issued_on,
        objection_until=agreement.last_day_to_object(issued_on) if agreement else None,
    )  # fmt: skip
    lines = [
        StatementLine(
            author=own, parties=first.parties, statement=statement, position=position,
            share=piece.share, part=piece.part, net_minor=minor, tax_minor=tax_minor,
        )
        for position, (piece, minor, tax_minor) in enumerate(
            zip(pieces, amounts, line_taxes(amounts, taxed), strict=True), start=1
        )
    ]  # fmt: skip
    return statement, lines


@dataclass(frozen=True, slots=True)
class Issued:
    """How many statements one call issued, and the last settled period it looked at, if any."""

    count: int
    last: UUID | None


@transaction.atomic
def issue_statements(*, now: datetime, actor: Any, after: UUID | None = None) -> Issued:
    """Issue what waits of the next 100 settled periods; what is held back stays. Twice is once."""
    periods = SettledPeriod.objects.filter(id__in=_waiting_periods(after)).order_by("id")
    locked = [row.id for row in periods.select_for_update(of=("self",))]
    plan = plan_statements(now=now, settled_ids=locked)
    if plan.ready:
        _write(plan.ready, now, actor)
    return Issued(len(plan.ready), locked[-1] if locked else None)


def _write(
    ready: Sequence[tuple[Statement, list[StatementLine]]], now: datetime, actor: Any
) -> None:
    statements = [statement for statement, _lines in ready]
    documents = {line.share.document_id for _statement, lines in ready for line in lines}
    # Takes the accounts' locks before the number counter's.
    make_payable(document_ids=documents, now=now)
    subjects = [(row.public_id, [row.partner_id]) for row in statements]
    record_all(action="statement_issued", subjects=subjects, now=now, actor=actor)
    numbered = [row for row in statements if row.kind != Kind.ADVICE]
    if numbered:
        keys = [str(row.id) for row in numbered]
        enqueue(kind="settlement.store_statements", payload={"statements": keys}, now=now)
        _number(numbered)
    Statement.objects.bulk_create(statements)
    StatementLine.objects.bulk_create([line for _statement, lines in ready for line in lines])
    post_taxes(
        [(row, line_minor(Kind(row.kind), row.tax_minor)) for row in statements if row.tax_minor],
        now,
    )
    make_payable(document_ids=documents, now=now)
    _tell(statements, now)


def _tell(statements: Sequence[Statement], now: datetime) -> None:
    """One event for each partner."""
    by_partner: dict[int, list[UUID]] = {}
    for row in statements:
        by_partner.setdefault(row.partner_id, []).append(row.id)
    for partner_id, keys in by_partner.items():
        event = StatementsIssued(keys)
        publish(name=event.name, payload=event.payload, now=now, to=[partner_id])


def _number(statements: Sequence[Statement]) -> None:
    """One block of the series; a credit note names the invoices of its period before it."""
    series = self_billed_series(statements[0].issued_on)
    earlier = _earlier(statements)
    first = take_numbers(series, len(statements))
    for position, row in enumerate(statements, start=first):
        row.series, row.number = series, number_text(series, position)
        known = earlier.setdefault((row.settled_id, row.partner_id), [])
        if row.kind == Kind.CREDIT_NOTE:
            row.facts["preceding"] = list(known)
        else:
            known.append({"number": row.number, "issued_on": row.issued_on.isoformat()})


def _earlier(statements: Sequence[Statement]) -> dict[tuple[UUID, int], list[dict[str, str]]]:
    found: dict[tuple[UUID, int], list[dict[str, str]]] = {}
    rows = Statement.objects.filter(
        settled__in={row.settled_id for row in statements}, kind=Kind.INVOICE
    )
    for row in rows.order_by("issued_at", "id"):
        item = {"number": str(row.number), "issued_on": row.issued_on.isoformat()}
        found.setdefault((row.settled_id, row.partner_id), []).append(item)
    return found


def store_statement_files(*, statement_ids: Sequence[UUID], now: datetime) -> int:
    """PDF and XML of our issued self-billed documents. Done twice is done once. Raises NoRenderer."""
    lines = lines_of(statement_ids)
    rows = Statement.objects.written_by(current_company()).filter(id__in=statement_ids)
    for statement in rows.exclude(kind=Kind.ADVICE).order_by("id"):
        store_document_files(
            document=document_of_statement(statement, lines[statement.id]),
            document_id=statement.id, parties=statement.parties, now=now,
        )  # fmt: skip
    return len(rows)
