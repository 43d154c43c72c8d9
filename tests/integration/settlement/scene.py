"""A contract with an agreed split: press hours of a provider, shared with a maker and a financier."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from apps.contracts.models import Contract, PartnerTerms, SplitVersion
from apps.contracts.operations import draft_split, offer_split, sign_terms
from apps.events.operations import run_waiting_jobs
from apps.payments.operations import open_account
from apps.settlement.models import Account, Share
from apps.tenancy.context import company_context
from tests.integration.billing.scene import NOW

LATER = NOW + timedelta(days=10)
IBANS = {
    "maker": "DE62370400440532013001", "financier": "DE51370400440532013005",
    "workshop": "AT611904300234573201",
}  # fmt: skip


def per_cycle(company: Any, rate: str = "0.01", code: str = "maker") -> dict[str, object]:
    return {"code": code, "kind": "per_unit", "rate": rate, "charges": ["cycles"],
            "parts": [{"party": company.pk}]}  # fmt: skip


def percent_of(company: Any, percent: str, code: str = "finance", **more: Any) -> dict[str, object]:
    return {"code": code, "kind": "percent", "percent": percent,
            "parts": [{"party": company.pk}], **more}  # fmt: skip


def draft(contract: Contract, *line_steps: Mapping[str, object], **more: Any) -> SplitVersion:
    provider, valid_from = contract.author, more.pop("valid_from", contract.starts_on)
    split = {"currency": "EUR", "residual": provider.pk, "line_steps": list(line_steps), **more}
    with company_context(provider):
        return draft_split(
            contract=contract, split=split, valid_from=valid_from, now=NOW, actor="test"
        )


def offer(contract: Contract) -> None:
    with company_context(contract.author):
        offer_split(contract=contract, now=NOW, actor="test")


def sign_all(contract: Contract) -> None:
    """Every partner signs in its own company, then the provider's jobs run."""
    with company_context(contract.author):
        waiting = list(PartnerTerms.objects.filter(contract=contract, withdrawn_at=None))
        partners = [terms.partner for terms in waiting]
    for partner, terms in zip(partners, waiting, strict=True):
        with company_context(partner):
            sign_terms(terms_id=terms.id, content=terms.terms_sha256, now=NOW, actor="test")
    work(contract.author)


def agree(contract: Contract, *line_steps: Mapping[str, object], **more: Any) -> None:
    """Drafted, offered, and signed by everybody."""
    draft(contract, *line_steps, **more)
    offer(contract)
    sign_all(contract)


def with_account(company: Any, when: datetime = NOW) -> None:
    """The company shows where it is paid, since then."""
    with company_context(company):
        open_account(
            holder_name=company.name, iban=IBANS[company.slug], creditor_id="", now=when,
            actor="test",
        )  # fmt: skip


def work(company: Any) -> None:
    with company_context(company):
        run_waiting_jobs(now=LATER)


def shares_of(company: Any) -> dict[str, int]:
    """What a company sees of its own shares, by step and document number."""
    with company_context(company):
        found: dict[str, int] = {}
        for share in Share.objects.filter(partner=company).order_by("id"):
            name = f"{share.step} {share.charge}".strip()
            found[name] = found.get(name, 0) + share.amount_minor
        return {name: minor for name, minor in found.items() if minor}


def balances(company: Any, partner: Any) -> dict[str, int]:
    """Where money stands between both, as the partner sees it."""
    with company_context(partner):
        rows = Account.objects.filter(author=company, partner=partner)
        return {row.purpose: row.balance_minor for row in rows if row.balance_minor}
