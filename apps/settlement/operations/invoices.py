"""A partner's own invoice is tied to the statement it is the invoice of."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.billing.domain.einvoice.document import Document
from apps.billing.models import IncomingDocument
from apps.common.money import Money, format_money
from apps.events.operations import record
from apps.settlement.models import Statement, StatementInvoice
from apps.settlement.operations.taxes import post_invoice_taxes
from apps.tenancy.context import current_company

STATE = IncomingDocument.State


@transaction.atomic
def match_invoice(
    *, statement: Statement, incoming: IncomingDocument, document: Document, now: datetime,
    actor: Any,
) -> StatementInvoice:  # fmt: skip
    """Tie a received invoice to our statement. Twice is once; a refused one gives way.

    `document` is what the received file says. Once the invoice is accepted, its tax is owed as well.
    Raises ValidationError: the statement is self-billed, of another partner, currency or net, or has
    an invoice; the invoice was refused, or belongs to another statement.
    """
    statement, incoming = _locked(statement, incoming)
    _refuse_odd(statement, incoming, document)
    known = StatementInvoice.objects.select_related("incoming").filter(statement=statement).first()
    if known is not None and known.incoming_id == incoming.pk:
        found: StatementInvoice = known
        return found
    if known is not None:
        _give_way(known)
    if StatementInvoice.objects.filter(incoming=incoming).exists():
        raise ValidationError(_("This invoice belongs to another statement already."))
    made = _tie(statement, incoming, _signed(document, document.sums.tax_minor), now, actor)
    _note("matched", made, now, actor)
    post_invoice_taxes(incoming_ids=[incoming.pk], now=now)
    return made


def _signed(document: Document, minor: int) -> int:
    """As the statement counts: what the partner gives back is below zero."""
    return -minor if document.is_credit else minor


def _tie(
    statement: Statement, incoming: IncomingDocument, tax_minor: int, now: datetime, actor: Any
) -> StatementInvoice:
    """Two invoices at once: the database lets one of them in."""
    try:
        with transaction.atomic():
            made: StatementInvoice = StatementInvoice.objects.create(
                author=current_company(), parties=statement.parties, statement=statement,
                incoming=incoming, number=incoming.number, issued_on=incoming.issued_on,
                gross_minor=incoming.gross_minor, tax_minor=tax_minor, currency=incoming.currency,
                matched_by=str(actor)[:200], matched_at=now,
            )  # fmt: skip
            return made
    except IntegrityError:
        raise ValidationError(_("The statement has another invoice already.")) from None


def _locked(statement: Statement, incoming: IncomingDocument) -> tuple[Statement, IncomingDocument]:
    """The received document is the lock: two clicks stand in line, and a refusal waits."""
    own = current_company()
    documents = IncomingDocument.objects.written_by(own).select_for_update(of=("self",))
    return Statement.objects.written_by(own).get(pk=statement.pk), documents.get(pk=incoming.pk)


def _refuse_odd(statement: Statement, incoming: IncomingDocument, document: Document) -> None:
    if statement.kind != Statement.Kind.ADVICE:
        raise ValidationError(
            _("%(number)s invoices this supply already in the partner's name. Refuse the second "
              "invoice.") % {"number": statement.name}
        )  # fmt: skip
    if document.is_self_billed or incoming.invoice_id is not None:
        raise ValidationError(
            _(
                "%(number)s is the portal's own or a self-billed document, no invoice of this supply."
            )
            % {"number": incoming.number}
        )
    if (statement.partner_id, statement.currency) != (incoming.sender_id, incoming.currency):
        raise ValidationError(_("The statement is of another partner or currency."))
    net = _signed(document, document.sums.net_minor)
    if net != statement.net_minor:
        raise ValidationError(
            _("%(number)s is of %(net)s net and the statement of %(owed)s. Refuse the invoice and "
              "say so: its sender writes another.")
            % {"number": incoming.number, "net": _money(net, statement),
               "owed": _money(statement.net_minor, statement)}
        )  # fmt: skip
    if incoming.state == STATE.REFUSED:
        raise ValidationError(_("This invoice was refused."))


def _money(minor: int, statement: Statement) -> str:
    return format_money(Money(minor, str(statement.currency)), get_language() or "en")


def _give_way(known: StatementInvoice) -> None:
    """Only an invoice that was refused leaves its place to the next."""
    if known.incoming.state != STATE.REFUSED:
        raise ValidationError(
            _("The statement has the invoice %(number)s already.") % {"number": known.number}
        )
    known.delete()


@transaction.atomic
def unmatch_invoice(*, incoming: IncomingDocument, now: datetime, actor: Any) -> bool:
    """Take the tie away while the invoice is not accepted. Whether there was one."""
    rows = IncomingDocument.objects.written_by(current_company()).select_for_update(of=("self",))
    held = rows.get(pk=incoming.pk)
    known = StatementInvoice.objects.filter(incoming=held).first()
    if known is None:
        return False
    if held.state == STATE.ACCEPTED:
        raise ValidationError(_("The invoice is accepted; its statement stays."))
    _note("unmatched", known, now, actor)
    known.delete()
    return True


def _note(what: str, row: StatementInvoice, now: datetime, actor: Any) -> None:
    record(
        action=f"settlement.invoice_{what}", subject=row.statement.public_id, now=now, actor=actor,
        also=[row.statement.partner_id], details={"number": row.number},
    )  # fmt: skip
