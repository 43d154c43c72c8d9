"""A partner's own invoice and the statement it is the invoice of: one of each, on both pages."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.billing.domain.einvoice.document import Document, Kind, sums_of, taxes_of
from apps.billing.domain.einvoice.reading import read_document
from apps.billing.domain.einvoice.ubl import write_ubl
from apps.billing.models import IncomingDocument
from apps.billing.operations.incoming import (
    accept_document,
    read_file,
    receive_file,
    refuse_document,
)
from apps.payments.models import Payout
from apps.settlement.invariants import invoiced_once
from apps.settlement.models import Statement, StatementInvoice
from apps.settlement.operations import (
    draft_payable,
    match_invoice,
    post_invoice_taxes,
    unmatch_invoice,
)
from apps.settlement.queries.received import likely_statements
from apps.tenancy.context import as_platform, company_context, no_company
from tests.documents import generated
from tests.integration.billing.conftest import issue_all
from tests.integration.settlement.scene import (
    LATER,
    agree,
    balances,
    percent_of,
    with_account,
    work,
)
from tests.integration.settlement.test_self_billing import offer, reply
from tests.integration.settlement.test_settling import findings
from tests.integration.settlement.test_statements import FIRST, financier, issue

__all__ = ["financier"]


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def shared(billed: Any, provider: Any, financier: Any) -> Any:
    """31.11 are the financier's, payable with the invoice."""
    agree(
        billed, percent_of(financier, "30"), terms=[{"party": financier.pk, "payable": "invoiced"}]
    )
    (invoice,) = issue_all(provider)
    work(provider)
    return invoice


def written(number: str, net_minor: int = 3_111) -> Document:
    """An invoice of the financier with 19 %: the documents' seller has its VAT id."""
    draft = generated(0)
    price = Decimal(net_minor).scaleb(-2)
    line = replace(draft.lines[0], quantity=Decimal(1), unit_price=price, net_minor=net_minor)
    taxes = taxes_of((line,))
    sums = sums_of((line,), taxes)
    return replace(draft, number=number, currency="EUR", lines=(line,), taxes=taxes, sums=sums)


def received(provider: Any, number: str, net_minor: int = 3_111) -> IncomingDocument:
    with company_context(provider):
        content = write_ubl(written(number, net_minor))
        return receive_file(content=content, file_name="a.xml", now=LATER, actor="test")[0]


def match(provider: Any, incoming: Any) -> StatementInvoice:
    with company_context(provider):
        document = read_document(read_file(incoming.xml_path, incoming.xml_sha256))
        return match_invoice(
            statement=Statement.objects.get(), incoming=incoming, document=document, now=LATER,
            actor="test",
        )  # fmt: skip


def test_it_is_stored_and_stands_on_both_pages(
    shared: Any, provider: Any, financier: Any, client_of: Callable[..., Any]
) -> None:
    issue(provider)
    incoming, client = received(provider, "K-1"), client_of(provider)
    with company_context(provider):
        path = f"/statements/{Statement.objects.get().public_id}/"
        key = Statement.objects.get().public_id
    document = f"/received/{incoming.public_id}/"
    for _ in range(2):
        answer = client.post(f"{document}statement/match/", {"statement": key})
        assert answer.headers["Location"] == document
    assert "its invoice" in client.get(f"{document}statement/").content.decode()
    page = client.get(path).content.decode()
    assert f'<a href="{document}">K-1</a>' in page
    assert "sends its own invoice" not in page
    seen = client_of(financier).get(path).content.decode()
    assert "K-1" in seen
    assert document not in seen
    with company_context(provider):
        assert StatementInvoice.objects.count() == 1
    assert findings(provider) == []


def test_a_statement_has_one_invoice_until_that_is_refused(
    shared: Any, provider: Any, financier: Any
) -> None:
    issue(provider)
    first, second = received(provider, "K-1"), received(provider, "K-2")
    made = match(provider, first)
    assert match(provider, first).pk == made.pk
    with pytest.raises(ValidationError, match="K-1 already"):
        match(provider, second)
    with company_context(provider):
        refuse_document(document=first, reason="wrong", now=LATER, actor="test")
    match(provider, second)
    with pytest.raises(ValidationError, match="was refused"):
        match(provider, first)
    with company_context(provider):
        accept_document(document=second, now=LATER, actor="test")
        with pytest.raises(ValidationError, match="accepted"):
            unmatch_invoice(incoming=second, now=LATER, actor="test")
        assert StatementInvoice.objects.get().number == "K-2"


def test_the_database_lets_one_in(shared: Any, provider: Any, financier: Any) -> None:
    issue(provider)
    made, other = match(provider, received(provider, "K-1")), received(provider, "K-2")
    with company_context(provider), transaction.atomic(), pytest.raises(IntegrityError):
        StatementInvoice.objects.create(
            author=provider, parties=made.parties, statement_id=made.statement_id, incoming=other,
            number="K-2", issued_on=made.issued_on, gross_minor=1, currency="EUR",
            matched_by="test", matched_at=LATER,
        )  # fmt: skip


def test_what_is_self_billed_takes_no_invoice(shared: Any, provider: Any, financier: Any) -> None:
    reply(offer(provider, financier, FIRST))
    issue(provider)
    incoming = received(provider, "K-1")
    with pytest.raises(ValidationError, match="already in the partner's name"):
        match(provider, incoming)
    with company_context(provider):
        assert not StatementInvoice.objects.exists()
        statement = Statement.objects.get()
        StatementInvoice.objects.create(
            author=provider, parties=statement.parties, statement=statement, incoming=incoming,
            number="K-1", issued_on=FIRST, gross_minor=1, currency="EUR", matched_by="x",
            matched_at=LATER,
        )  # fmt: skip
    with no_company(), as_platform():
        assert len(list(invoiced_once(LATER))) == 1


def test_a_self_billed_file_or_the_portals_own_is_no_invoice_of_the_supply(
    shared: Any, provider: Any, financier: Any
) -> None:
    issue(provider)
    incoming = received(provider, "K-1")
    document = replace(written("K-1"), kind=Kind.SELF_BILLED)
    with company_context(provider):
        statement = Statement.objects.get()
        assert likely_statements(incoming, document) == []
        with pytest.raises(ValidationError, match="no invoice of this supply"):
            match_invoice(
                statement=statement, incoming=incoming, document=document, now=LATER, actor="x"
            )
        IncomingDocument.objects.filter(pk=incoming.pk).update(invoice=shared)
        incoming.refresh_from_db()
    with pytest.raises(ValidationError, match="no invoice of this supply"):
        match(provider, incoming)


def test_another_partners_invoice_or_statement_is_refused(
    shared: Any, provider: Any, financier: Any, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    issue(provider)
    incoming = received(provider, "K-1")
    with company_context(provider):
        IncomingDocument.objects.filter(pk=incoming.pk).update(sender=cast["maker"])
        key = Statement.objects.get().public_id
    with pytest.raises(ValidationError, match="another partner"):
        match(provider, incoming)
    path = f"/received/{incoming.public_id}/statement/match/"
    assert client_of(financier).post(path, {"statement": key}).status_code == 404
    client = client_of(provider)
    assert client.post(path, {"statement": "stm_nothing"}).status_code == 404
    assert client.post(path, {"statement": incoming.public_id}).status_code == 404


def accept(provider: Any, incoming: Any) -> None:
    with company_context(provider):
        accept_document(document=incoming, now=LATER, actor="test")
    work(provider)


@pytest.mark.parametrize("accepted_first", [False, True])
def test_the_tax_of_an_accepted_invoice_is_paid_with_its_net(
    shared: Any, provider: Any, financier: Any, person_of: Callable[..., Any], accepted_first: bool
) -> None:
    with_account(financier)
    issue(provider)
    incoming = received(provider, "K-1")
    net = {"cost": -3_111, "payable": 3_111}
    steps = [lambda: match(provider, incoming), lambda: accept(provider, incoming)]
    for step in reversed(steps) if accepted_first else steps:
        assert balances(provider, financier) == net
        step()
    for _ in range(2):
        accept(provider, incoming)
        match(provider, incoming)
    assert balances(provider, financier) == {"cost": -3_111, "tax": -591, "payable": 3_702}
    assert findings(provider) == []
    with company_context(provider):
        batch = draft_payable(
            method="sepa", currency="EUR", now=LATER, drafted_by=person_of(provider)
        )
        assert Payout.objects.get(batch=batch).amount_minor == 3_702


def test_the_database_posts_a_tax_once_and_the_proof_misses_a_note(
    shared: Any, provider: Any, financier: Any
) -> None:
    issue(provider)
    incoming = received(provider, "K-1")
    match(provider, incoming)
    accept(provider, incoming)
    with company_context(provider):
        StatementInvoice.objects.update(tax_posted_at=None)
        with transaction.atomic(), pytest.raises(IntegrityError, match="transfer_once"):
            post_invoice_taxes(incoming_ids=[incoming.pk], now=LATER)
    assert any("tax 0; posted 591" in found for found in findings(provider))


def test_an_invoice_of_another_sum_is_not_that_of_the_statement(
    shared: Any, provider: Any, financier: Any, client_of: Callable[..., Any]
) -> None:
    issue(provider)
    incoming = received(provider, "K-1", net_minor=3_112)
    with pytest.raises(ValidationError, match="K-1 is of"):
        match(provider, incoming)
    client, document = client_of(provider), f"/received/{incoming.public_id}/"
    with company_context(provider):
        key = Statement.objects.get().public_id
    page = client.post(f"{document}statement/match/", {"statement": key}, follow=True)
    assert "its sender writes another" in page.content.decode()
    with company_context(provider):
        assert not StatementInvoice.objects.exists()


def title(provider: Any, person: Any) -> str:
    with company_context(provider):
        batch = draft_payable(method="sepa", currency="EUR", now=LATER, drafted_by=person)
        return str(Payout.objects.get(batch=batch).title)


def test_a_payout_names_the_self_billed_document(
    shared: Any, provider: Any, financier: Any, person_of: Callable[..., Any]
) -> None:
    with_account(financier)
    reply(offer(provider, financier, FIRST))
    issue(provider)
    assert title(provider, person_of(provider)) == "GS-2026-00001"


def test_or_the_partners_own_invoice_or_the_customers_document(
    shared: Any, provider: Any, financier: Any, person_of: Callable[..., Any]
) -> None:
    with_account(financier)
    issue(provider)
    match(provider, received(provider, "K-1"))
    assert title(provider, person_of(provider)) == "K-1"


def test_without_a_statement_the_customers_document(
    shared: Any, provider: Any, financier: Any, person_of: Callable[..., Any]
) -> None:
    with_account(financier)
    assert title(provider, person_of(provider)) == shared.number
