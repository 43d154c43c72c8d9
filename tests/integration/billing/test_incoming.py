"""E-invoices from outside: received, shown, matched, answered; what is hostile is turned away."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation

from apps.billing.domain.einvoice.cii import write_cii
from apps.billing.domain.einvoice.document import Attachment, Document
from apps.billing.domain.einvoice.ubl import write_ubl
from apps.billing.models import IncomingAnswer, IncomingDocument, Invoice
from apps.billing.operations.incoming import accept_document, receive_file, refuse_document
from apps.billing.wording_rules import rule_words
from apps.contracts.models import Contract
from apps.tenancy.context import as_platform, company_context, no_company
from tests.documents import SELLER, generated
from tests.integration.billing.scene import NOW, make_asset, make_contract
from tests.pdfs import pdf_with
from tests.unit.billing.einvoice.test_judge import HOSTILE, HOSTILE_PDFS


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def buyer(client_of: Callable[..., Client], customer: Any) -> Client:
    """The customer receives what the provider sends."""
    return client_of(customer, "finance")


@pytest.fixture
def stranger(cast: dict[str, Any]) -> Any:
    return cast["stranger"]


@pytest.fixture
def sender(provider: Any) -> Any:
    with no_company(), as_platform():
        type(provider).objects.filter(pk=provider.pk).update(vat_id="de 136 695 976")
    return provider


def invoice(**changes: Any) -> Document:
    return replace(generated(0), number="RE-77", **changes)


def upload(client: Client, content: bytes, name: str = "rechnung.xml") -> Any:
    return client.post("/received/new/", {"file": SimpleUploadedFile(name, content)})


def received(company: Any) -> list[IncomingDocument]:
    with company_context(company):
        return list(IncomingDocument.objects.select_related("contract", "invoice", "sender"))


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (write_ubl(invoice()), "ubl"),
        (write_cii(invoice()), "cii"),
        (pdf_with(write_cii(invoice())), "pdf"),
    ],
    ids=["ubl", "cii", "pdf"],
)
def test_a_file_is_received_once_and_shown_in_plain_words(
    buyer: Client, customer: Any, content: bytes, form: str
) -> None:
    answer = upload(buyer, content)
    assert answer.status_code == 302, answer.content.decode()
    again = upload(buyer, content, "another-name.xml")
    assert again.headers["Location"] == answer.headers["Location"]
    (found,) = received(customer)
    wanted = invoice()
    assert (found.format, found.number, found.error_count) == (form, "RE-77", 0)
    assert (found.gross_minor, found.currency) == (wanted.sums.gross_minor, "EUR")
    assert (found.sender_name, found.sender_vat_id) == (SELLER.name, SELLER.vat_id)
    page = text(buyer, answer.headers["Location"])
    assert "Schema and rules of EN 16931 are kept." in page
    for shown in ("RE-77", SELLER.name, wanted.lines[0].title):
        assert shown in page
    original = buyer.get(f"{answer.headers['Location']}file/")
    assert original.content == content
    assert original.headers["Content-Type"] == "application/octet-stream"


def test_a_broken_rule_is_named_in_both_languages_and_no_reason_to_turn_it_away(
    buyer: Client, customer: Any
) -> None:
    right = invoice()
    wrong = replace(right, sums=replace(right.sums, gross_minor=right.sums.gross_minor + 1))
    path = upload(buyer, write_ubl(wrong)).headers["Location"]
    (found,) = received(customer)
    assert found.error_count == len([row for row in found.findings if row["severity"] == "error"])
    assert "BR-CO-15" in {row["rule"] for row in found.findings}
    page = text(buyer, path)
    assert "Net and tax do not add up to the total with tax." in page
    assert "Accept it all the same?" in page
    with translation.override("de"):
        assert rule_words("BR-CO-15") == "Netto und Steuer ergeben nicht den Bruttobetrag."


@pytest.mark.parametrize(("content", "rule"), HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_file_is_turned_away_with_its_reason(
    buyer: Client, customer: Any, content: bytes, rule: str
) -> None:
    answer = upload(buyer, content)
    assert answer.status_code == 422
    if content:
        assert rule in answer.content.decode()
    assert "root:" not in answer.content.decode()
    assert received(customer) == []


def test_a_pdf_without_e_invoice_and_a_value_that_is_none_are_turned_away(
    buyer: Client, customer: Any
) -> None:
    for make, rule in HOSTILE_PDFS.values():
        answer = upload(buyer, make(write_cii(invoice())), "a.pdf")
        assert (answer.status_code, rule in answer.content.decode()) == (422, True)
    nonsense = write_ubl(invoice()).replace(b'currencyID="EUR">', b'currencyID="EUR">x', 1)
    answer = upload(buyer, nonsense)
    assert answer.status_code == 422
    assert "XML-VALUE" in answer.content.decode()
    assert received(customer) == []


def test_the_portals_own_invoice_is_found_with_its_contract_and_compared(
    buyer: Client, customer: Any, sender: Any, issued: Invoice
) -> None:
    path = upload(buyer, write_ubl(replace(invoice(), number=issued.number))).headers["Location"]
    (found,) = received(customer)
    assert (found.sender_id, found.invoice_id) == (sender.pk, issued.pk)
    assert found.contract_id == issued.contract_id
    page = text(buyer, path)
    assert "portal&#x27;s own invoice" in page or "portal's own invoice" in page
    assert "123.39" in page, "what the portal knows"
    assert "differs" in page


def test_a_contract_is_matched_by_what_stands_on_the_document(customer: Any, sender: Any) -> None:
    references = {"order_number": "B-4500", "buyer_reference": "KST 9"}
    contract = make_contract(sender, customer, [make_asset(sender)], **references)
    make_contract(sender, customer, [make_asset(sender, "Press 2")], order_number="B-4501")
    blank = {"contract": "", "order_number": "", "buyer_reference": ""}
    ways: list[tuple[dict[str, str], Any]] = [
        ({"contract": contract.public_id, "order_number": "B-4501"}, contract.pk),
        ({"order_number": "B-4500"}, contract.pk),
        ({"buyer_reference": "KST 9"}, contract.pk),
        ({"contract": "other", "order_number": "B-4502"}, None),
    ]
    with company_context(customer):
        for place, (named, wanted) in enumerate(ways):
            content = write_cii(replace(invoice(**blank | named), number=f"RE-{place}"))
            found, new = receive_file(content=content, file_name="a", now=NOW, actor="t")
            assert new
            assert found.contract_id == wanted, named


def test_a_person_matches_a_contract_and_takes_it_away(
    buyer: Client, customer: Any, billed: Contract
) -> None:
    path = upload(buyer, write_ubl(invoice())).headers["Location"]
    buyer.post(f"{path}match/", {"contract": str(billed.pk)})
    assert received(customer)[0].contract_id == billed.pk
    for odd in ("1", "x", "00000000-0000-7000-8000-000000000000"):
        assert buyer.post(f"{path}match/", {"contract": odd}).status_code == 302
    assert received(customer)[0].contract_id == billed.pk
    buyer.post(f"{path}match/", {"contract": ""})
    assert received(customer)[0].contract_id is None


def test_a_refusal_needs_a_reason_and_its_sender_reads_it(
    buyer: Client, client_of: Callable[..., Client], customer: Any, sender: Any, stranger: Any
) -> None:
    path = upload(buyer, write_ubl(invoice())).headers["Location"]
    assert buyer.post(f"{path}refusal/", {"reason": " "}).status_code == 422
    assert received(customer)[0].state == "received"
    for _twice in range(2):
        answer = buyer.post(f"{path}refusal/", {"reason": "Wrong order number"})
        assert answer.status_code == 302
    assert buyer.post(f"{path}acceptance/").status_code == 302
    (found,) = received(customer)
    assert (found.state, found.reason) == ("refused", "Wrong order number")
    assert "Refused by" in text(buyer, path)
    seller = client_of(sender, "finance")
    assert "Wrong order number" in text(seller, "/received/answers/")
    assert seller.get(path).status_code == 404
    assert "RE-77" not in text(seller, "/received/")
    foreign = client_of(stranger, "finance")
    assert foreign.get(path).status_code == 404
    assert "RE-77" not in text(foreign, "/received/answers/")
    with company_context(customer):
        assert IncomingAnswer.objects.count() == 1


def test_an_accepted_document_is_closed(customer: Any) -> None:
    from django.core.exceptions import ValidationError

    with company_context(customer):
        found, _new = receive_file(
            content=write_ubl(invoice()), file_name="a", now=NOW, actor="anna"
        )
        for _twice in range(2):
            accept_document(document=found, now=NOW, actor="anna")
        with pytest.raises(ValidationError):
            refuse_document(document=found, reason="late", now=NOW, actor="anna")
        found.refresh_from_db()
        assert (found.state, found.decided_by, found.reason) == ("accepted", "anna", "")
        assert list(IncomingAnswer.objects.values_list("outcome", flat=True)) == ["accepted"]


def test_attachments_are_downloads_and_the_same_number_twice_is_told(
    buyer: Client, customer: Any
) -> None:
    page = b"<script>alert(1)</script>"
    attached = invoice(attachments=(Attachment("A", "x", "", "text/html", "a.html", page),))
    path = upload(buyer, write_ubl(attached)).headers["Location"]
    answer = buyer.get(f"{path}attachments/1/")
    assert answer.content == page
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert buyer.get(f"{path}attachments/2/").status_code == 404
    assert buyer.get(f"{path}attachments/0/").status_code == 404
    corrected = write_ubl(invoice(notes=("Corrected",)))
    answer = upload(buyer, corrected)
    assert answer.status_code == 422
    assert "was received already" in answer.content.decode()
    assert len(received(customer)) == 1
    # Once the first is refused its replacement may come under the same number.
    buyer.post(f"{path}refusal/", {"reason": "wrong period"})
    second = upload(buyer, corrected).headers["Location"]
    assert "received before" in text(buyer, second)
    with company_context(customer), pytest.raises(IntegrityError), transaction.atomic():
        IncomingDocument.objects.filter(state="refused").update(
            state="received", decided_at=None, reason=""
        )


def test_the_list_filters_and_exports(
    buyer: Client, customer: Any, django_assert_max_num_queries: Any
) -> None:
    right = invoice()
    wrong = replace(
        right, number="RE-78", sums=replace(right.sums, gross_minor=right.sums.gross_minor + 1)
    )
    for document in (right, wrong):
        upload(buyer, write_ubl(document))
    with django_assert_max_num_queries(12):
        page = text(buyer, "/received/")
    assert "RE-77" in page
    assert "RE-78" in page
    only = text(buyer, "/received/?rules=wrong")
    assert ("RE-77" in only, "RE-78" in only) == (False, True)
    assert "RE-77" in text(buyer, "/received/?match=none&state=received&rules=right")
    exported = text(buyer, "/received/?export=csv")
    assert len(exported.strip().splitlines()) == 3


def test_a_stored_file_that_is_damaged_is_told(buyer: Client, customer: Any) -> None:
    from django.core.files.storage import default_storage

    path = upload(buyer, write_ubl(invoice())).headers["Location"]
    (found,) = received(customer)
    with default_storage.open(found.path, "wb") as file:
        file.write(b"<other/>")
    assert "The stored file is damaged." in text(buyer, path)
    assert buyer.get(f"{path}file/").status_code == 302
