"""Files of an issued invoice: made by a job, stored once, downloaded by both parties."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction

from apps.billing.domain.einvoice.cii import write_cii
from apps.billing.domain.einvoice.document import Kind
from apps.billing.domain.einvoice.ubl import write_ubl
from apps.billing.models import DocumentFile, Invoice
from apps.billing.operations.documents import store_invoice_files
from apps.billing.queries.composing import document_of_invoice, ways_to_pay
from apps.common.ids import encode
from apps.payments.models import BankAccount
from apps.tenancy.context import company_context
from tests.integration.billing.scene import NOW
from tests.rules import broken_rules


def files_of(company: Any) -> dict[str, DocumentFile]:
    with company_context(company):
        return {file.form: file for file in DocumentFile.objects.all()}


def content(file: DocumentFile) -> bytes:
    with default_storage.open(file.path) as stored:
        return stored.read()


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def test_an_issued_invoice_gets_its_files_once(provider, customer, issued):
    files = files_of(provider)
    assert set(files) == {"pdf", "cii", "ubl"}
    for file in files.values():
        assert hashlib.sha256(content(file)).hexdigest() == file.sha256
        assert file.size == len(content(file))
    with company_context(provider):
        again = store_invoice_files(invoice_id=issued.id, now=NOW)
    assert {file.sha256 for file in again} == {file.sha256 for file in files.values()}
    assert {file.id for file in files_of(customer).values()} == {f.id for f in files.values()}


def test_its_xml_breaks_no_rule_and_is_the_one_in_the_pdf(provider, issued):
    files = files_of(provider)
    for syntax in ("cii", "ubl"):
        assert broken_rules(content(files[syntax]), syntax) == []
    found = pypdf.PdfReader(io.BytesIO(content(files["pdf"])))
    assert found.attachments["factur-x.xml"] == [content(files["cii"])]


def test_the_document_says_what_the_invoice_says(provider, issued):
    with company_context(provider):
        found = document_of_invoice(issued)
    assert (found.kind, found.number, found.language) == (Kind.INVOICE, issued.number, "de")
    assert (found.sums.net_minor, found.sums.gross_minor) == (issued.net_minor, issued.gross_minor)
    usage = next(line for line in found.lines if line.net_minor == 369)
    assert (str(usage.quantity), str(usage.unit_price)) == ("55", "0.067")
    assert [line.id for line in found.lines] == ["1", "2"]
    assert (found.seller.name, found.buyer.name) == (provider.name, found.buyer.name)


def test_an_invoice_says_where_to_pay_and_under_which_number(provider, issued):
    with company_context(provider):
        assert document_of_invoice(issued, ways=ways_to_pay()).payments == ()
        BankAccount.objects.create(
            author=provider, parties=[provider.pk], holder_name="Provider", bic="COBADEFFXXX",
            iban="DE89370400440532013000", is_main=True, changed_at=NOW,
        )  # fmt: skip
        ways = ways_to_pay()
        document = document_of_invoice(issued, ways=ways)
        issued.kind = Invoice.Kind.CREDIT_NOTE
        assert document_of_invoice(issued, ways=ways).payments == ()
    (way,) = document.payments
    assert (way.iban, way.reference) == ("DE89370400440532013000", issued.number)
    for syntax, write in (("cii", write_cii), ("ubl", write_ubl)):
        assert broken_rules(write(document), syntax) == []


def test_stored_files_never_change(provider, issued):
    with company_context(provider):
        for statement in (
            "update billing_documentfile set size = 1",
            "delete from billing_documentfile",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    assert len(files_of(provider)) == 3


def test_a_stranger_sees_no_file(cast, issued):
    assert files_of(cast["stranger"]) == {}


def test_a_draft_has_no_file_and_is_not_asked_for_one(provider, billed):
    with company_context(provider):
        draft = Invoice.objects.get()
        assert store_invoice_files(invoice_id=draft.id, now=NOW) == []
        assert not DocumentFile.objects.exists()


def test_both_parties_download_and_see_the_picture(provider, customer, issued, client_of):
    address = f"/invoices/{encode('inv', issued.id)}"
    for company in (provider, customer):
        browser = client_of(company, "viewer")
        page = browser.get(f"{address}/").content.decode()
        assert f'{address}/files/pdf/?show=1"' in page
        file = browser.get(f"{address}/files/pdf/")
        assert file.status_code == 200
        assert file["Content-Disposition"] == f'attachment; filename="{issued.number}.pdf"'
        assert file.content.startswith(b"%PDF-1.7")
        shown = browser.get(f"{address}/files/pdf/?show=1")
        assert shown["Content-Disposition"].startswith("inline")
        xml = browser.get(f"{address}/files/ubl/?show=1")
        assert xml["Content-Disposition"].startswith("attachment")
        assert xml["Content-Type"] == "application/xml; charset=utf-8"
        picture = browser.get(f"{address}/picture/")
        assert picture.content.startswith(b"\x89PNG")
        assert browser.get(f"{address}/files/xrechnung/").status_code == 404
