"""Archives: the files of a narrowed list as a ZIP, with a manifest that proves each of them."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from apps.billing.models import DocumentArchive, DocumentFile, Invoice
from apps.billing.operations import archives
from apps.billing.operations.archives import ask_archive, drop_old_archives
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import company_context
from tests.integration.billing.scene import NOW


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def written(company: Any) -> None:
    with company_context(company):
        run_waiting_jobs(now=timezone.now())


def rows_of(bundle: zipfile.ZipFile) -> list[dict[str, str]]:
    text = bundle.read("manifest.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_list_as_it_is_narrowed_becomes_a_zip(
    provider: Any, customer: Any, issued: Invoice, client_of: Callable[..., Client]
) -> None:
    finance = client_of(provider, "finance")
    refused = finance.post("/invoices/archives/new/?month=2026-09")
    assert refused["Location"] == "/invoices/?month=2026-09"
    path = finance.post("/invoices/archives/new/?month=2026-10")["Location"]
    assert finance.post("/invoices/archives/new/?month=2026-10")["Location"] == path
    assert "0 of 1 documents" in finance.get(path).content.decode()
    assert finance.get(path + "file/").status_code == 404
    written(provider)
    assert "Download the ZIP" in finance.get(path).content.decode()
    answer = finance.get(path + "file/")
    bundle = zipfile.ZipFile(io.BytesIO(answer.content))
    rows = rows_of(bundle)
    assert [row["form"] for row in rows] == ["cii", "pdf", "ubl", "evidence"]
    for row in rows:
        content = bundle.read(row["file"])
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
        assert (row["number"], row["total"], row["direction"]) == ("RE-2026-00001", "123.39", "out")
    with company_context(provider):
        archive = DocumentArchive.objects.get()
        assert archive.sha256 == hashlib.sha256(answer.content).hexdigest()
        assert (archive.file_count, archive.missing_count) == (4, 0)
    assert client_of(customer, "finance").get(path).status_code == 404
    assert client_of(provider, "viewer").get(path).status_code == 403
    # The customer has its own, of the same document.
    buyer = client_of(customer, "finance")
    theirs = buyer.post("/invoices/archives/new/")["Location"]
    written(customer)
    bundle = zipfile.ZipFile(io.BytesIO(buyer.get(theirs + "file/").content))
    assert {row["direction"] for row in rows_of(bundle)} == {"in"}


def test_what_is_missing_or_damaged_is_named_and_not_in_it(provider: Any, issued: Invoice) -> None:
    with company_context(provider):
        stored = DocumentFile.objects.get(document_id=issued.id, form="pdf")
        Path(default_storage.path(stored.path)).write_bytes(b"another")
        archive = ask_archive(invoices=[issued.id], now=NOW, person="Anna")
        run_waiting_jobs(now=NOW)
        archive.refresh_from_db()
        assert (archive.file_count, archive.missing_count) == (3, 1)
        bundle = zipfile.ZipFile(default_storage.open(archive.path))
    (row,) = [row for row in rows_of(bundle) if row["form"] == "pdf"]
    assert (row["bytes"], row["sha256"]) == ("missing", "")
    assert row["file"] not in bundle.namelist()


def test_too_many_and_none_are_refused_and_old_ones_go(
    provider: Any, issued: Invoice, monkeypatch: Any
) -> None:
    with company_context(provider):
        with pytest.raises(ValidationError, match="no issued document"):
            ask_archive(invoices=[], now=NOW, person="Anna")
        monkeypatch.setattr(archives, "MOST", 0)
        with pytest.raises(ValidationError, match="at most"):
            ask_archive(invoices=[issued.id], now=NOW, person="Anna")
        assert not DocumentArchive.objects.exists()
        monkeypatch.undo()
        archive = ask_archive(invoices=[issued.id], now=NOW, person="Anna")
        run_waiting_jobs(now=NOW)
        archive.refresh_from_db()
        assert drop_old_archives(now=NOW + timedelta(days=29)) == 0
        assert drop_old_archives(now=NOW + timedelta(days=31)) == 1
        assert not default_storage.exists(archive.path)
