"""Statements: the partner's invoice under an agreement, an advice without, each share on one."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.assets.models import Asset
from apps.billing.models import DocumentFile
from apps.billing.operations.stored import read_stored
from apps.common.period import parse_instant
from apps.events.operations import run_waiting_jobs
from apps.settlement.models import Share, Statement, StatementLine
from apps.settlement.operations import issue_statements, plan_statements
from apps.telemetry.operations import declare
from apps.tenancy.context import as_platform, company_context, no_company
from tests.integration.billing.conftest import issue_all
from tests.integration.billing.test_corrections import issue_corrections, late, press_channel
from tests.integration.settlement.scene import LATER, agree, percent_of, work
from tests.integration.settlement.test_self_billing import offer, reply
from tests.integration.settlement.test_settling import findings

FIRST = date(2026, 1, 1)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def financier(cast: dict[str, Any]) -> Any:
    with no_company(), as_platform():
        type(cast["financier"]).objects.filter(pk=cast["financier"].pk).update(
            vat_id="DE136695976", country="DE"
        )  # fmt: skip
    return cast["financier"]


@pytest.fixture
def shared(billed: Any, provider: Any, financier: Any) -> Any:
    """30 % of 103.69: 1.11 of the cycles and 30.00 of the fee."""
    agree(billed, percent_of(financier, "30"))
    (invoice,) = issue_all(provider)
    work(provider)
    return invoice


def issue(provider: Any) -> int:
    with company_context(provider):
        count = issue_statements(now=LATER, actor="test").count
    work(provider)
    return count


def seen(company: Any) -> list[tuple[str, str | None, int, int]]:
    with company_context(company):
        rows = Statement.objects.order_by("issued_at", "id")
        return [(row.kind, row.number, row.net_minor, row.tax_minor) for row in rows]


def test_under_an_agreement_it_is_the_partners_invoice(
    shared: Any, provider: Any, financier: Any
) -> None:
    reply(offer(provider, financier, FIRST))
    with company_context(provider):
        plan = plan_statements(now=LATER)
    assert plan.held == []
    assert [(row.net_minor, len(lines)) for row, lines in plan.ready] == [(3_111, 2)]
    assert seen(provider) == []
    assert (issue(provider), issue(provider)) == (1, 0)
    assert seen(financier) == [("invoice", "GS-2026-00001", 3_111, 591)]
    with company_context(financier):
        statement = Statement.objects.get()
        numbers = {line.share.document_number for line in statement.lines.all()}
        assert numbers == {shared.number}
        assert statement.objection_until == statement.issued_on + timedelta(days=14)
        forms = {row.form: row for row in DocumentFile.objects.filter(document_id=statement.id)}
        assert b"<ram:TypeCode>389</ram:TypeCode>" in read_stored(forms["cii"])
        assert read_stored(forms["pdf"]).startswith(b"%PDF")
    assert findings(provider) == []


def correct_down(provider: Any, invoice: Any) -> None:
    """Fifteen cycles too many were billed, and so shared."""
    with company_context(provider):
        asset = Asset.objects.get(pk=invoice.lines.get(charge="cycles").asset_id)
        declare(
            channel=press_channel(asset), kind="disbelieve",
            measured_at=parse_instant("2026-10-20T10:00:00Z"), reason="wrong meter", by="test", now=LATER,
        )  # fmt: skip
    late(provider, asset, ("2026-10-21T10:00:00Z", "1040"))
    issue_corrections(provider)
    work(provider)


def test_a_correction_is_a_credit_note_that_names_the_invoice(
    shared: Any, provider: Any, financier: Any
) -> None:
    reply(offer(provider, financier, FIRST))
    issue(provider)
    correct_down(provider, shared)
    with company_context(provider):
        minus = Share.objects.get(amount_minor__lt=0, partner=financier)
    assert issue(provider) == 1
    kind, number, net, _tax = seen(financier)[1]
    assert (kind, number, net) == ("credit", "GS-2026-00002", -minus.amount_minor)
    with company_context(financier):
        note = Statement.objects.get(kind="credit")
        assert [item["number"] for item in note.facts["preceding"]] == ["GS-2026-00001"]
    assert findings(provider) == []


def test_without_an_agreement_it_is_an_advice_only(
    shared: Any, provider: Any, financier: Any, client_of: Callable[..., Any]
) -> None:
    offer(provider, financier, FIRST)
    assert issue(provider) == 1
    assert seen(financier) == [("advice", None, 3_111, 0)]
    with company_context(financier):
        path = f"/statements/{Statement.objects.get().public_id}/"
    page = client_of(financier).get(path).content.decode()
    assert "your own invoice" in page
    assert shared.number in page


def test_one_advice_names_what_was_shared_and_what_a_correction_took_back_before_it_was_written(
    shared: Any, provider: Any, financier: Any, client_of: Callable[..., Any]
) -> None:
    correct_down(provider, shared)
    assert issue(provider) == 1
    assert seen(financier) == [("advice", None, 3_080, 0)]
    with company_context(financier):
        statement = Statement.objects.get()
        assert sorted(line.net_minor for line in statement.lines.all()) == [-31, 111, 3_000]
    page = client_of(financier).get(f"/statements/{statement.public_id}/").content.decode()
    assert "-0.31\u00a0EUR" in page
    assert findings(provider) == []


def test_each_share_stands_on_one_statement_and_nothing_changes(
    shared: Any, provider: Any, financier: Any
) -> None:
    reply(offer(provider, financier, FIRST))
    issue(provider)
    with company_context(provider):
        line = StatementLine.objects.first()
        assert line is not None
        again = StatementLine(
            author=provider, parties=line.parties, statement_id=line.statement_id, position=99,
            share_id=line.share_id, net_minor=1,
        )  # fmt: skip
        with pytest.raises(IntegrityError, match="share_on_one_statement"), transaction.atomic():
            again.save(force_insert=True)
    with no_company(), as_platform():
        assert StatementLine.all_parties.count() == 2


def test_a_partner_without_tax_id_is_held_back(
    shared: Any, provider: Any, financier: Any, client_of: Callable[..., Any]
) -> None:
    reply(offer(provider, financier, FIRST))
    with no_company(), as_platform():
        type(financier).objects.filter(pk=financier.pk).update(vat_id="", tax_number="")
    assert issue(provider) == 0
    assert "BR-S-02" in client_of(provider).get("/statements/new/").content.decode()
    assert seen(provider) == []


def test_pages_of_both_sides(
    shared: Any, provider: Any, financier: Any, client_of: Callable[..., Any], customer: Any
) -> None:
    reply(offer(provider, financier, FIRST))
    client = client_of(provider)
    assert "31.11" in client.get("/statements/new/").content.decode()
    assert client.post("/statements/new/").status_code == 302
    with company_context(provider):
        run_waiting_jobs(now=timezone.now() + timedelta(minutes=1))
    with company_context(financier):
        path = f"/statements/{Statement.objects.get().public_id}/"
    other = client_of(financier)
    assert "37.02" in other.get(path).content.decode()
    assert "GS-2026-00001" in other.get("/statements/").content.decode()
    assert other.get(f"{path}files/pdf/").status_code == 200
    assert other.get(f"{path}files/nothing/").status_code == 404
    assert client_of(customer).get(path).status_code == 404
    assert client_of(customer).get(f"{path}files/pdf/").status_code == 404
