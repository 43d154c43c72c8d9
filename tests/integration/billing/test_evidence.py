"""The evidence file verifies outside the portal, and one changed digit is found."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.billing.models import EvidenceFile, Invoice, SigningKey
from apps.billing.operations import (
    approve_invoices,
    ensure_signing_key,
    export_evidence,
    issue_invoices,
    start_run,
    store_evidence,
)
from apps.billing.operations.keys import sign
from apps.billing.queries.evidence import evidence_parts
from apps.billing.queries.verifying import verified
from apps.common.ed25519 import verify_signature
from apps.events.operations import run_waiting_jobs
from apps.metering.bundle import bundle
from apps.tenancy.context import company_context
from tests.integration.billing.scene import (
    BASE_FEE,
    NOW,
    PER_CYCLE,
    make_asset,
    make_contract,
    month_of_readings,
)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def verify(tmp_path: Path, content: bytes, key: str) -> tuple[int, dict[str, Any]]:
    """`peruse_verify.py` as a process of its own, away from the portal."""
    program, file = tmp_path / "peruse_verify.py", tmp_path / "evidence.json"
    program.write_text(bundle(), encoding="utf-8")
    file.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-I", str(program), str(file), "--key", key, "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout)


def test_the_customers_file_verifies_in_a_process_of_its_own(
    customer: Any, issued: Invoice, tmp_path: Path
) -> None:
    with company_context(customer):
        invoice = Invoice.objects.get(id=issued.id)
        content = export_evidence(invoice=invoice, now=NOW, reader="test")
        key = EvidenceFile.objects.get(invoice=invoice).public_key
    code, answer = verify(tmp_path, content, key)
    assert (code, answer["result"]) == (0, "verified")
    assert answer["invoice"]["gross_minor"] == 12339
    assert answer["invoice"]["readings"] == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"1055"', '"1056"'),  # a reading
        ('"0.067"', '"0.066"'),  # a price
        ('"net_minor": 369', '"net_minor": 370'),  # a line
        ('"gross_minor": 12339', '"gross_minor": 12338'),  # the total
        ('"RE-2026-00001"', '"RE-2026-00002"'),  # the number
    ],
)
def test_one_changed_digit_is_found(
    provider: Any, issued: Invoice, tmp_path: Path, before: str, after: str
) -> None:
    with company_context(provider):
        content = export_evidence(invoice=issued, now=NOW, reader="test")
        key = EvidenceFile.objects.get().public_key
    text = content.decode()
    assert before in text
    code, answer = verify(tmp_path, text.replace(before, after, 1).encode(), key)
    assert (code, answer["result"]) == (1, "differs")
    codes = {item["code"] for item in answer["findings"]}
    assert "bad_signature" in codes
    assert codes & {"changed", "differs"}


def test_another_companys_key_does_not_verify(
    provider: Any, cast: dict[str, Any], issued: Invoice
) -> None:
    with company_context(provider):
        content = export_evidence(invoice=issued, now=NOW, reader="test")
    with company_context(cast["stranger"]):
        other = ensure_signing_key(now=NOW).public_key
    assert not verified(content, other, "en").verified


def test_the_key_is_made_once_and_its_private_half_is_never_plain(
    provider: Any, customer: Any, issued: Invoice
) -> None:
    with company_context(provider):
        one, two = ensure_signing_key(now=NOW), ensure_signing_key(now=NOW)
        assert one.id == two.id
        assert SigningKey.objects.count() == 1
        assert len(one.private_key_encrypted) > 64
    with company_context(customer):
        assert not SigningKey.objects.exists()


def test_storing_twice_leaves_the_first_file(provider: Any, issued: Invoice) -> None:
    with company_context(provider):
        found = EvidenceFile.objects.get()
        again = store_evidence(invoice_id=issued.id, now=NOW)
        assert again is not None
        assert again.id == found.id
        assert EvidenceFile.objects.count() == 1


def test_a_damaged_or_missing_file_is_said_so(
    provider: Any, issued: Invoice, settings: Any
) -> None:
    with company_context(provider):
        path = Path(settings.MEDIA_ROOT) / EvidenceFile.objects.get().path
        path.write_bytes(path.read_bytes().replace(b"1055", b"1056"))
        with pytest.raises(ValidationError, match="damaged"):
            export_evidence(invoice=issued, now=NOW, reader="test")
        path.unlink()
        with pytest.raises(ValidationError, match="missing"):
            export_evidence(invoice=issued, now=NOW, reader="test")


def test_a_key_made_under_a_former_secret_still_signs(
    provider: Any, issued: Invoice, settings: Any
) -> None:
    former = settings.SECRET_KEY
    with company_context(provider):
        made = ensure_signing_key(now=NOW)
        settings.SECRET_KEY = "another secret of at least fifty characters, made up here"
        with pytest.raises(InvalidToken):
            sign(made, b"evidence")
        settings.SECRET_KEY_FALLBACKS = [former]
        signature = sign(made, b"evidence")
    assert verify_signature(bytes.fromhex(made.public_key), b"evidence", signature)


def test_an_asset_more_costs_its_channel_and_its_readings(provider: Any, customer: Any) -> None:
    """Three statements: the channel, its readings, the opening one. All else is asked once."""
    asked = []
    for count in (1, 3):
        assets = [make_asset(provider, f"Press {count}{number}") for number in range(count)]
        charges = [BASE_FEE, {**PER_CYCLE, "pooling": "each"}]
        contract = make_contract(provider, customer, assets, charges=charges)
        for asset in assets:
            month_of_readings(provider, asset, "2026-10", 1000, 1055)
        with company_context(provider):
            start_run(label="2026-10", now=NOW, started_by="test", contracts=[contract])
            run_waiting_jobs(now=NOW)
            invoice = Invoice.objects.get(contract=contract)
            approve_invoices(invoices=[invoice], now=NOW, approved_by="test")
            issue_invoices(invoices=[invoice], now=NOW, issued_by="test")
            invoice.refresh_from_db()
            with CaptureQueriesContext(connection) as captured:
                parts = evidence_parts(invoice, NOW)
        assert len(parts.contracts[0].items) == count
        assert parts.reading_count == 2 * count
        asked.append([query["sql"] for query in captured])
    assert [sum("contracts_contractitem" in one for one in found) for found in asked] == [0, 0]
    assert len(asked[1]) - len(asked[0]) <= 3 * 2
