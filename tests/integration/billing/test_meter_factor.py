"""A meter's factor up to the invoice: billed, explained, corrected after issue, verified outside."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.billing.models import EvidenceFile, Invoice, InvoiceLine
from apps.billing.operations import export_evidence
from apps.billing.queries.explaining import explain_line
from apps.billing.queries.verifying import verified
from apps.common.period import parse_instant
from apps.events.operations import run_waiting_jobs
from apps.telemetry.domain.meters import MeterVersion
from apps.telemetry.models import Channel
from apps.telemetry.operations.meters import describe_meter
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import make_asset, make_contract, month_of_readings
from tests.integration.billing.test_corrections import LATER, issue_corrections, shown


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def describe(company: Any, factor: str, since: str | None = None, **more: Any) -> None:
    with company_context(company):
        version = MeterVersion(since and parse_instant(since), factor=Decimal(factor), **more)  # type: ignore[arg-type]
        describe_meter(
            channel=Channel.objects.get(),
            version=version,
            reason="calibrated",
            by="Anna",
            now=LATER,
        )
        run_waiting_jobs(now=LATER)


def test_a_factor_found_wrong_after_issue_is_corrected_and_verified(
    provider: Any, customer: Any
) -> None:
    asset = make_asset(provider)
    make_contract(provider, customer, [asset])
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    describe(provider, "1.5", serial="M-1")
    bill(provider)
    issue_all(provider)
    # 55 × 1.5 × 0.067 = 5.5275
    assert shown(provider)[0][2] == 10000 + 553
    describe(provider, "1.2", since="2026-10-05T00:00:00Z", serial="M-1")
    issue_corrections(provider)
    # 55 × 1.2 × 0.067 = 4.422: 1.11 less than 5.53.
    assert [row[2] for row in shown(provider)] == [10553, 111]
    with company_context(provider):
        invoices = list(Invoice.objects.order_by("drafted_at"))
        for invoice in invoices:
            content = export_evidence(invoice=invoice, now=LATER, reader="test")
            key = EvidenceFile.objects.get(invoice=invoice).public_key
            assert verified(content, key, "en").findings == []
            told = content.replace(b'"factor": "1.5"', b'"factor": "1.6"')
            assert told != content
            assert not verified(told, key, "en").verified
        line = InvoiceLine.objects.get(invoice=invoices[0], charge="cycles")
        [usage] = explain_line(line, "en")["usage"]
    [meter] = usage["meters"]
    assert (meter["meter"]["serial"], meter["counted"], meter["stands_for"]) == (
        "M-1",
        "55",
        "82.5",
    )
