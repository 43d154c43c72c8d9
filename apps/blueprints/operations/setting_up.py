"""A network on its way: begun from a blueprint, answered step by step, discarded."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.blueprints.domain.answers import (
    COMPANY,
    OURS,
    Answers,
    ContractAnswer,
    Filling,
    price_field,
)
from apps.blueprints.domain.blueprint import Blueprint
from apps.blueprints.models import NetworkSetup
from apps.blueprints.queries import blueprint_named
from apps.common.quantity import BadValue, canonical, parse_decimal
from apps.events.operations import publish
from apps.networks.models import ValueNetwork
from apps.tenancy.context import current_company
from apps.tenancy.operations import make_acquaintance_by_address
from apps.tenancy.queries import known_company_ids

STATE = NetworkSetup.State


@transaction.atomic
def begin_setup(*, blueprint: str, now: datetime, actor: Any) -> NetworkSetup:
    """Set a network up from this blueprint; one that is open already is taken up again.

    Raises ValidationError for an unknown blueprint.
    """
    found = blueprint_named(blueprint)
    if found is None:
        raise ValidationError(_("There is no such blueprint."))
    company = current_company()
    name = found.head.name.text(get_language() or "en")[:120]
    setup: NetworkSetup
    setup, _made = NetworkSetup.objects.get_or_create(
        author=company, blueprint=blueprint, state=STATE.OPEN,
        defaults={
            "parties": [company.pk], "name": name, "started_by": str(getattr(actor, "name", actor))[:200],
            "started_at": now, "changed_at": now,
            "answers": Answers(
                _free_name(name), found.network.purpose, found.network.members_meet
            ).to_dict(),
        },
    )  # fmt: skip
    return setup


def _free_name(name: str) -> str:
    """The name, or the name with the next number that no own network has."""
    taken = set(
        ValueNetwork.objects.filter(author=current_company(), name__startswith=name).values_list(
            "name", flat=True
        )
    )
    names = [name, *(f"{name} {number}" for number in range(2, len(taken) + 3))]
    return next(free for free in names if free not in taken)


@transaction.atomic
def answer_places(
    *, setup: NetworkSetup, name: str, purpose: str, members_meet: bool,
    fillings: Mapping[str, Filling], addresses: Mapping[str, str], now: datetime, actor: Any,
) -> NetworkSetup:  # fmt: skip
    """Who fills which place. `addresses`: address names of portals that become partners by it.

    Raises ValidationError by field: `name`, or a place.
    """
    setup, blueprint = locked(setup.pk), blueprint_of_setup(setup)
    chosen = {place: fillings.get(place, Filling()) for place in blueprint.places}
    chosen |= _by_address(addresses, blueprint, now)
    _judge(setup, name, chosen)
    before = Answers.from_dict(setup.answers)
    answers = replace(before, name=name, purpose=purpose, members_meet=members_meet, places=chosen)
    return _store(setup, answers, now)


def _by_address(
    addresses: Mapping[str, str], blueprint: Blueprint, now: datetime
) -> dict[str, Filling]:
    found, refused = {}, {}
    for place, slug in addresses.items():
        if place not in blueprint.places:
            continue
        try:
            acquaintance = make_acquaintance_by_address(slug=slug, now=now)
        except ValidationError as error:
            refused[place] = error.messages
            continue
        other = next(key for key in acquaintance.parties if key != current_company().pk)
        found[place] = Filling(COMPANY, other)
        if acquaintance.made_at == now:
            payload = {"partner": str(acquaintance.pk)}
            publish(
                name="accounts.partner_added", payload=payload, now=now, to=acquaintance.parties
            )
    if refused:
        raise ValidationError(refused)
    return found


def _judge(setup: NetworkSetup, name: str, chosen: Mapping[str, Filling]) -> None:
    refused: dict[str, list[str]] = {}
    others = ValueNetwork.objects.filter(author=current_company(), name=name)
    if setup.network_id is not None:
        others = others.exclude(pk=setup.network_id)
    if not name.strip():
        refused["name"] = [_("Give the network a name.")]
    elif others.exists():
        refused["name"] = [_("There is a network of this name already.")]
    known = known_company_ids() - {current_company().pk}
    for place, filling in chosen.items():
        if filling.who == COMPANY and filling.company not in known:
            refused[place] = [_("Choose one of your partners, or enter an address.")]
    if not any(filling.who == OURS for filling in chosen.values()):
        refused["__all__"] = [_("Choose at least one place that your company fills.")]
    if refused:
        raise ValidationError(refused)


@transaction.atomic
def answer_contracts(
    *, setup: NetworkSetup, contracts: Mapping[int, ContractAnswer], now: datetime
) -> NetworkSetup:
    """How the contracts are drafted. Raises ValidationError by field, such as `0-title`, `0-wash`."""
    setup, blueprint = locked(setup.pk), blueprint_of_setup(setup)
    kept = {
        number: _judged(number, answer, blueprint.contracts[number].plan)
        for number, answer in contracts.items() if 0 <= number < len(blueprint.contracts)
    }  # fmt: skip
    before = Answers.from_dict(setup.answers)
    return _store(setup, replace(before, contracts={**before.contracts, **kept}), now)


def _judged(number: int, answer: ContractAnswer, plan: Mapping[str, Any]) -> ContractAnswer:
    codes = {str(charge["code"]) for charge in plan["charges"] if price_field(charge)}
    prices, refused = {}, {}
    for code, text in answer.prices.items():
        try:
            value = parse_decimal(text)
        except BadValue:
            refused[f"{number}-{code}"] = [_("Enter a number.")]
            continue
        if value < 0:
            refused[f"{number}-{code}"] = [_("A price is zero or more.")]
        if code in codes:
            prices[code] = canonical(value)
    if answer.wanted and not answer.title.strip():
        refused[f"{number}-title"] = [_("Give the contract a title.")]
    if refused:
        raise ValidationError(refused)
    return replace(answer, prices=prices)


@transaction.atomic
def discard_setup(*, setup: NetworkSetup, now: datetime) -> None:
    """Forget a setup of which nothing was made yet. Twice is once."""
    row = locked(setup.pk)
    if row.state == STATE.OPEN:
        row.state, row.changed_at = STATE.DISCARDED, now
        row.save(update_fields=["state", "changed_at"])


def locked(setup_id: UUID) -> NetworkSetup:
    """The own setup, locked until the transaction ends. Raises NetworkSetup.DoesNotExist."""
    rows = NetworkSetup.objects.filter(author=current_company()).exclude(state=STATE.DISCARDED)
    found: NetworkSetup = rows.select_for_update(of=("self",)).get(pk=setup_id)
    return found


def blueprint_of_setup(setup: NetworkSetup) -> Blueprint:
    """In the company's language. Raises ValidationError where the own blueprint is gone."""
    found = blueprint_named(setup.blueprint)
    if found is None:
        raise ValidationError(_("There is no such blueprint."))
    return found.in_language(current_company().language)


def contract_answer(setup: NetworkSetup, number: int, title: str, today: date) -> ContractAnswer:
    """What was answered for a contract, or what is proposed: from this month on."""
    answers = Answers.from_dict(setup.answers)
    stored = answers.contracts.get(number)
    return stored or ContractAnswer(title=title, starts_on=today.replace(day=1))


def _store(setup: NetworkSetup, answers: Answers, now: datetime) -> NetworkSetup:
    setup.answers, setup.changed_at = answers.to_dict(), now
    if setup.state == STATE.OPEN:
        setup.name = answers.name[:120] or setup.name
    setup.save(update_fields=["answers", "changed_at", "name"])
    return setup
