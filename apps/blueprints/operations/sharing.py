"""Splits of a scenario: drafted and offered by the provider, signed by each partner in its company."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from apps.blueprints.domain.terms import ContractPart
from apps.contracts.domain.split import SplitRefused
from apps.contracts.models import Contract, PartnerTerms, SplitVersion
from apps.contracts.operations import draft_split, offer_split, sign_terms
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import company_context
from apps.tenancy.models import Company

ACTOR = "scenario"
NAMED = ("party", "residual")


def with_keys(value: Any, key_of: Callable[[str], int]) -> Any:
    """The split as the contract takes it: companies by their keys instead of address names."""
    if isinstance(value, Mapping):
        return {
            name: key_of(str(item)) if name in NAMED else with_keys(item, key_of)
            for name, item in value.items()
        }
    return [with_keys(item, key_of) for item in value] if isinstance(value, list) else value


def load_split(
    *, part: ContractPart, split: Mapping[str, Any], provider: Company, now: datetime
) -> bool:
    """Agree the contract's first split. False when one stands already.

    Raises ValidationError, with the places of a refused split.
    """
    with company_context(provider):
        contract = Contract.objects.written_by(provider).get(
            title=part.title, customer__slug=part.customer
        )
        if SplitVersion.objects.filter(contract=contract).exists():
            return False
        _offer(contract, split, now)
        terms = list(PartnerTerms.objects.filter(contract=contract).select_related("partner"))
    for row in terms:
        with company_context(row.partner):
            sign_terms(terms_id=row.pk, content=row.terms_sha256, now=now, actor=ACTOR)
    with company_context(provider):
        run_waiting_jobs(now=now)
    return True


def _offer(contract: Contract, split: Mapping[str, Any], now: datetime) -> None:
    data = {"currency": contract.currency, **split}
    label = str(data.pop("label", ""))
    try:
        draft_split(
            contract=contract, split=data, valid_from=contract.starts_on, now=now, actor=ACTOR,
            label=label,
        )  # fmt: skip
    except SplitRefused as refused:
        raise ValidationError(str(refused)) from refused
    offer_split(contract=contract, now=now, actor=ACTOR)
