"""A draft whose document breaks a rule of EN 16931 is parked, and says which rule."""

from typing import Any

import pytest

from apps.billing.models import Invoice
from apps.billing.operations import approve_invoices
from apps.billing.operations.documents import approving
from apps.tenancy.context import company_context
from tests.integration.billing.scene import NOW


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: Any) -> None:
    monkeypatch.setattr(approving, "_verdicts", approving._verdicts.__class__())


def _approved(company: Any) -> list[Invoice]:
    with company_context(company):
        return approve_invoices(
            invoices=list(Invoice.objects.values_list("id", flat=True)), now=NOW, approved_by="test"
        )


def _without_ids(company: Any, side: str) -> Invoice:
    with company_context(company):
        draft = Invoice.objects.get()
        party = {**draft.facts[side], "vat_id": "", "tax_number": "", "register_entry": ""}
        Invoice.objects.filter(id=draft.id).update(facts={**draft.facts, side: party})
    return draft


def test_a_right_draft_is_approved(provider, billed):
    assert len(_approved(provider)) == 1


def test_a_seller_without_any_id_is_parked_with_the_rules(provider, billed, client_of):
    draft = _without_ids(provider, "issuer")
    assert _approved(provider) == []
    finance = client_of(provider, "finance")
    page = finance.get(f"/invoices/{draft.public_id}/").content.decode()
    assert "<code>BR-CO-26</code>" in page
    assert "<code>BR-S-02</code>" in page
    assert "needs a VAT id, a tax number or a register entry" in page
    with company_context(provider):
        assert Invoice.objects.get().state == Invoice.State.DRAFT
    answer = finance.post(
        "/invoices/approval/", {"invoice": draft.public_id, "single": "1"}, follow=True
    )
    assert "1 draft breaks a rule for e-invoices and is parked." in answer.content.decode()


def test_with_the_check_off_the_wrong_draft_would_pass(provider, billed, monkeypatch):
    """The positive control: it is the judge that keeps it back, and nothing else."""
    _without_ids(provider, "issuer")
    monkeypatch.setattr(approving, "validate_xml", lambda content: ())
    assert len(_approved(provider)) == 1


def test_one_shape_is_judged_once(provider, billed, monkeypatch):
    asked = []
    monkeypatch.setattr(approving, "validate_xml", lambda content: asked.append(content) or ())
    from apps.billing.queries.composing import document_of_invoice

    with company_context(provider):
        document = document_of_invoice(Invoice.objects.get(), NOW.date())
    for _ in range(3):
        assert approving.broken_rules(document) == ()
    # CII and UBL, each once.
    assert len(asked) == 2
