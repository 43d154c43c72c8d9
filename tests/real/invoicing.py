"""From a real recording to invoices: the agreement, the billing, the check by file."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import NOW


class Checked(NamedTuple):
    """What peruse_verify.py says: its exit status and its words."""

    status: int
    words: str


def plan(name: str, *charges: Mapping[str, Any]) -> dict[str, Any]:
    """A price plan in euros with these charges, whose meters have the charges' codes."""
    wholes = [
        {"title": {"en": name, "de": name}, "meter": charge["code"], "pooling": "each", **charge}
        for charge in charges
    ]
    return {"name": name, "currency": "EUR", "charges": wholes}


def per_unit(code: str, unit: str, price: str) -> dict[str, Any]:
    return {"model": "per_unit", "code": code, "unit": unit, "unit_price": price}


def cents(amount: Decimal) -> int:
    """An amount in euros as whole cents, half up."""
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def agree(provider: Any, customer: Any, **facts: Any) -> Any:
    """A contract drafted and offered by the provider, signed by the customer, in force."""
    from apps.blueprints.domain.terms import ContractPart, ItemPart
    from apps.blueprints.operations.agreements import load_contract
    from apps.contracts.models import Contract
    from apps.tenancy.context import company_context

    items = [ItemPart(*item) for item in facts.pop("items")]
    part = ContractPart(
        provider=provider.slug, customer=customer.slug, items=items, state="active", **facts
    )
    load_contract(part=part, provider=provider, customer=customer, now=NOW)
    with company_context(provider):
        contract = Contract.objects.get(title=part.title)
        assert contract.state == "active"
        return contract


def bill(labels: Sequence[str]) -> list[Any]:
    """Run, approve and issue these months in the current company; its invoices by period."""
    from apps.billing.models import Invoice
    from apps.billing.operations import start_run
    from apps.events.operations import run_waiting_jobs

    for label in labels:
        start_run(label=label, now=NOW, started_by="test")
        run_waiting_jobs(now=NOW)
    issue(list(Invoice.objects.order_by("period_start")), NOW)
    run_waiting_jobs(now=NOW)
    return list(Invoice.objects.order_by("period_start"))


def issue(drafts: list[Any], now: datetime) -> None:
    from apps.billing.operations import approve_invoices, issue_invoices

    approve_invoices(invoices=drafts, now=now, approved_by="test")
    issue_invoices(invoices=drafts, now=now, issued_by="test")


def evidence(invoice: Any) -> bytes:
    from apps.billing.operations import export_evidence

    return export_evidence(invoice=invoice, now=NOW, reader="test")


def verify(content: bytes, provider: Any, folder: Path) -> Checked:
    """Check an evidence file with the one-file verifier, alone in a process of its own."""
    from apps.billing.models import SigningKey
    from apps.metering.bundle import bundle

    verifier, file = folder / "peruse_verify.py", folder / "evidence.json"
    verifier.write_text(bundle())
    file.write_bytes(content)
    key = SigningKey.objects.get(author=provider).public_key
    command = [sys.executable, "-I", str(verifier), str(file), "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Checked(done.returncode, done.stdout + done.stderr)


def proved(invoices: Sequence[Any], provider: Any, folder: Path) -> list[dict[str, Any]]:
    """Every line explained, the first also in German, every evidence file verified; what is said."""
    from apps.billing.queries.explaining import explain_line

    told = []
    for invoice in invoices:
        lines = list(invoice.lines.order_by("position"))
        assert all(explain_line(line, "de")["arithmetic"] for line in lines[:1])
        told += [explain_line(line, "en") for line in lines]
        checked = verify(evidence(invoice), provider, folder)
        assert checked.status == 0, checked.words
    return told


def with_one_digit_changed(content: bytes, text: bytes) -> bytes:
    """The same file with the last digit of the first `"text"` one higher (or lower for a 9)."""
    before, found, after = content.partition(b'"' + text + b'"')
    assert found, text
    digit = b"8" if text.endswith(b"9") else str(int(text[-1:]) + 1).encode()
    return before + b'"' + text[:-1] + digit + b'"' + after
