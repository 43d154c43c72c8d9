"""Statements as pages show them and as documents, and shares that wait for one."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from apps.billing.domain.einvoice.document import (
    Document,
    DocumentLine,
    Preceding,
    sums_of,
    taxes_of,
)
from apps.billing.domain.einvoice.document import Kind as DocumentKind
from apps.billing.domain.einvoice.prices import ONE
from apps.billing.queries.composing import LANGUAGES, PLACEHOLDER, party_of
from apps.billing.queries.exemptions import exemptions
from apps.common.money import Money
from apps.common.period import local_date
from apps.common.units import format_with_unit
from apps.settlement.models import Share, Statement, StatementLine
from apps.tenancy.context import current_company

_KINDS = {
    Statement.Kind.INVOICE: DocumentKind.SELF_BILLED,
    Statement.Kind.CREDIT_NOTE: DocumentKind.SELF_BILLED_CREDIT,
}
_OUTSIDE = "O"


def waiting_shares() -> QuerySet[Share]:
    """Shares of the current company's partners that stand on no statement yet."""
    own = current_company()
    rows: QuerySet[Share] = Share.objects.written_by(own).exclude(partner=F("author"))
    return rows.filter(~Exists(StatementLine.objects.filter(share=OuterRef("pk"))))


def statements_seen() -> QuerySet[Statement]:
    """Those the company issued and those it received."""
    rows: QuerySet[Statement] = Statement.objects.all()
    return rows


def lines_of(statement_ids: Iterable[UUID]) -> dict[UUID, list[StatementLine]]:
    """By statement its lines with their shares, in their order. One query."""
    rows = StatementLine.objects.filter(statement__in=list(statement_ids))
    found: dict[UUID, list[StatementLine]] = {}
    for line in rows.select_related("share").order_by("statement", "position"):
        found.setdefault(line.statement_id, []).append(line)
    return found


def document_of_statement(statement: Statement, lines: Sequence[StatementLine]) -> Document:
    """A self-billed document as it is written and rendered. Two queries at most."""
    language = statement.facts["seller"].get("language", "")[:2]
    language = language if language in LANGUAGES else "en"
    outside = statement.tax_category == _OUTSIDE
    last = local_date(statement.last_moment, statement.time_zone)
    country = statement.facts["seller"]["country"]
    with override(language):
        written = tuple(_line(statement, line) for line in lines)
        known = exemptions().on(last)
        reasons = {
            statement.tax_category: known.reason(country, statement.tax_category, language)
        }  # fmt: skip
        taxes = taxes_of(written, reasons=reasons)
        return Document(
            kind=_KINDS[Statement.Kind(statement.kind)], number=statement.number or PLACEHOLDER,
            issued_on=statement.issued_on, currency=statement.currency, language=language,
            seller=party_of(statement.facts["seller"], outside),
            buyer=party_of(statement.facts["buyer"], outside), lines=written, taxes=taxes,
            sums=sums_of(written, taxes), delivered_on=last, last_day=last,
            first_day=local_date(statement.period_start, statement.time_zone),
            due_on=_due_on(statement), preceding=_preceding(statement),
            notes=(_objection_words(statement),),
        )  # fmt: skip


def _due_on(statement: Statement) -> date | None:
    """Paid out when the days to object are over; nothing is due on a credit note."""
    return statement.objection_until if statement.kind == Statement.Kind.INVOICE else None


def _preceding(statement: Statement) -> tuple[Preceding, ...]:
    return tuple(
        Preceding(item["number"], date.fromisoformat(item["issued_on"]))
        for item in statement.facts.get("preceding", [])
    )


def _objection_words(statement: Statement) -> str:
    return _("Self-billed under an agreement. You may object until %(day)s.") % {
        "day": statement.objection_until
    }


def _line(statement: Statement, line: StatementLine) -> DocumentLine:
    share = line.share
    return DocumentLine(
        id=str(line.position), title=share.source_words[:200], quantity=Decimal(1), unit=ONE,
        unit_price=Money(line.net_minor, statement.currency).to_decimal(),
        net_minor=line.net_minor, tax_category=statement.tax_category,
        tax_percent=statement.tax_percent, note=_note(share),
    )  # fmt: skip


def _note(share: Share) -> str:
    """The customer's document it comes from, and how much was used."""
    words = [share.contract_title, share.document_number]
    if share.quantity is not None:
        words.append(format_with_unit(share.quantity, share.unit, get_language() or "en"))
    return " · ".join(words)
