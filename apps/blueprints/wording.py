"""Splits of a blueprint and what comes after a network was made, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.assets.models import Asset, DataGrant
from apps.blueprints.domain.blueprint import Blueprint
from apps.blueprints.domain.terms import ContractPart
from apps.blueprints.models import NetworkSetup
from apps.common import navigation
from apps.contracts.models import Contract, ContractItem
from apps.networks.models import Participation
from apps.networks.queries import members_of
from apps.tenancy.context import current_company


def split_words(
    split: Mapping[str, Any] | None, names: Mapping[str, str], currency: str
) -> list[str]:
    """Who gets what, a line a step; figures are main units of the currency."""
    if split is None:
        return []
    words = [_line_step(step, names, currency) for step in split.get("line_steps", [])]
    words += [
        _("%(amount)s a period for %(who)s")
        % {"amount": f"{step['amount']} {currency}", "who": names[step["party"]]}
        for step in split.get("contract_steps", [])
    ]
    return [*words, _("%(who)s keeps the rest") % {"who": names[split["residual"]]}]


def _line_step(step: Mapping[str, Any], names: Mapping[str, str], currency: str) -> str:
    who = ", ".join(names[part["party"]] for part in step["parts"])
    if step["kind"] == "per_unit":
        rate = f"{step['rate']} {currency}"
        return _("%(rate)s of each unit for %(who)s") % {"rate": rate, "who": who}
    words = {"percent": step["percent"], "who": who}
    if step.get("key"):
        return _("%(percent)s %% for %(who)s, divided by what is measured of each") % words
    return _("%(percent)s %% of what remains for %(who)s") % words


def recipients(part: ContractPart, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Who reads what of the covered assets besides: keys and words."""
    fineness = dict(DataGrant.Resolution.choices)
    health = str(dict(DataGrant.Kind.choices)[DataGrant.Kind.HEALTH])
    return [
        (row.key, " · ".join([
            names[row.company],
            f"{', '.join(row.channels)}, {fineness[row.resolution]}" if row.resolution else health,
            row.purpose,
        ]))
        for row in part.data
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing that is left to do on the way to the first invoice."""

    title: str
    text: str
    url: str
    done: bool


def next_steps(setup: NetworkSetup, blueprint: Blueprint) -> list[NextStep]:
    """From the partners' answers to the first invoice; none before the network is made."""
    if setup.network is None:
        return []
    steps = [_answers(setup)]
    if blueprint.contracts:
        contract = _first_draft(setup)
        steps += [_assets(), *(_contract_steps(setup, contract) if contract else ())]
    return steps


def _answers(setup: NetworkSetup) -> NextStep:
    assert setup.network is not None
    waiting = [
        row.company_name for row in members_of(setup.network)
        if row.state == Participation.State.INVITED
    ]  # fmt: skip
    text = _("Asked and not answered yet: %s") % ", ".join(sorted(set(waiting)))
    return NextStep(
        _("The partners join in their own portals"), text if waiting else _("All have answered."),
        reverse("network_detail", args=[setup.network.public_id]), not waiting,
    )  # fmt: skip


def _assets() -> NextStep:
    own = Asset.objects.written_by(current_company())
    return NextStep(
        _("Register assets and name their customer"),
        _("Their types are there already. By form, or many at once from a file."),
        navigation.address("asset_new"), own.exists(),
    )  # fmt: skip


def _first_draft(setup: NetworkSetup) -> Contract | None:
    keys = [UUID(key) for key in setup.drafts.values()]
    found: Contract | None = Contract.objects.filter(pk__in=keys).order_by("id").first()
    return found


def _contract_steps(setup: NetworkSetup, contract: Contract) -> list[NextStep]:
    page = reverse("contract_detail", args=[contract.public_id])
    covered = ContractItem.objects.filter(contract=contract).exists()
    offered = contract.state != Contract.State.DRAFT
    signed = contract.state in (Contract.State.ACTIVE, Contract.State.ENDED)
    return [
        NextStep(
            _("Cover the customer's assets"),
            _("“Add what is missing” below covers those registered for the customer."), page,
            covered,
        ),
        NextStep(
            _("Sign and offer %(title)s") % {"title": contract.title},
            _("Look at the prices first; they are a draft."), page, offered,
        ),
        NextStep(
            _("The customer signs"), _("In its own portal. Metering begins with it."), page, signed
        ),
        NextStep(
            _("Bring in readings"), _("Import a file, or give a device a key and send them."),
            navigation.address("import_list"), _heard(contract),
        ),
    ]  # fmt: skip


def _heard(contract: Contract) -> bool:
    items = ContractItem.objects.filter(contract=contract).values("asset")
    return Asset.objects.filter(pk__in=items, last_reading_at__isnull=False).exists()
