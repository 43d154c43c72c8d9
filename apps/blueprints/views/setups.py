"""The steps from a blueprint to a network. Each saves what it asks, so that one may stop anywhere."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.blueprints.domain.answers import OURS, Answers
from apps.blueprints.domain.blueprint import Blueprint
from apps.blueprints.forms import ContractForm, PlacesForm
from apps.blueprints.models import NetworkSetup
from apps.blueprints.operations import (
    answer_contracts,
    answer_places,
    blueprint_of_setup,
    contract_answer,
    discard_setup,
    make_network,
)
from apps.blueprints.queries import own_setups
from apps.blueprints.wording import next_steps, recipients, split_words
from apps.common.period import local_date
from apps.contracts.wording import plan_words
from apps.networks.wording import roles_in_words
from apps.pricing.plan import PricePlan
from apps.reporting.domain.network_map import KINDS, Flow, Node, draw
from apps.tenancy.context import current_company
from apps.tenancy.models import Company


@require_http_methods(["GET", "POST"])
@requires("manage_networks")
def places(request: HttpRequest, setup_id: UUID) -> HttpResponse:
    """First step: a name, and who fills which place."""
    setup = _own(setup_id)
    blueprint, answers = blueprint_of_setup(setup), Answers.from_dict(setup.answers)
    made = setup.state == NetworkSetup.State.MADE
    form = PlacesForm(blueprint, answers, made, request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            answer_places(
                setup=setup, name=values["name"], purpose=values["purpose"],
                members_meet=values["members_meet"], fillings=form.fillings(),
                addresses=form.addresses(), now=timezone.now(), actor=request.user,
            )  # fmt: skip
        except ValidationError as error:
            form.refuse(error.message_dict)
        else:
            return redirect("setup_flows", setup.public_id)
    return _step(request, "places", setup, {"form": form, "made": made})


@require_GET
@requires("manage_networks")
def flows(request: HttpRequest, setup_id: UUID) -> HttpResponse:
    """Second step: what will run between the companies."""
    setup = _own(setup_id)
    blueprint = blueprint_of_setup(setup)
    names = _names(setup, blueprint)
    keys = {place: number for number, place in enumerate(blueprint.places)}
    nodes = [
        Node(keys[place], names[place], roles_in_words(blueprint.members[place].roles))
        for place in blueprint.places
    ]
    language = get_language() or "en"
    drawn = [
        Flow(flow.kind, keys[flow.source], keys[flow.target], flow.what.text(language))
        for flow in blueprint.head.flows
    ]
    rows = [(flow, nodes[flow.source].name, nodes[flow.target].name) for flow in drawn]
    context = {"drawing": draw(nodes, drawn), "kinds": KINDS, "flows": rows}
    return _step(request, "flows", setup, context)


@require_http_methods(["GET", "POST"])
@requires("manage_networks")
def terms(request: HttpRequest, setup_id: UUID) -> HttpResponse:
    """Third step: the contracts that are ours to draft, their prices, and who shares in them."""
    setup = _own(setup_id)
    forms = _contract_forms(setup, request.POST if request.method == "POST" else None)
    judged = [row["form"].is_valid() for row in forms] if request.method == "POST" else []
    if request.method == "POST" and all(judged):
        given = {row["form"].number: row["form"].answer() for row in forms}
        try:
            answer_contracts(setup=setup, contracts=given, now=timezone.now())
        except ValidationError as error:
            for row in forms:
                row["form"].refuse(error.message_dict)
        else:
            return redirect("setup_detail", setup.public_id)
    blueprint = blueprint_of_setup(setup)
    return _step(
        request, "terms", setup, {"rows": forms, "others": _drafted_by_others(setup, blueprint)}
    )


@require_GET
@requires("manage_networks")
def detail(request: HttpRequest, setup_id: UUID) -> HttpResponse:
    """Last step: everything at a glance, the button that makes it, and what comes next."""
    setup = _own(setup_id)
    blueprint, answers = blueprint_of_setup(setup), Answers.from_dict(setup.answers)
    names = _names(setup, blueprint)
    filled = [
        (part.name.text(get_language() or "en"), names[place],
         roles_in_words(blueprint.members[place].roles), place in answers.companies(0))
        for place, part in blueprint.places.items()
    ]  # fmt: skip
    context = {
        "filled": filled, "answers": answers, "next_steps": next_steps(setup, blueprint),
        "drafts": [row["form"].initial["title"] for row in _contract_forms(setup, None)
                   if row["form"].initial["wanted"] and row["customer_known"]],
    }  # fmt: skip
    return _step(request, "detail", setup, context)


@require_POST
@requires("manage_networks")
def making(request: HttpRequest, setup_id: UUID) -> HttpResponse:
    """Make the network, or what is missing of it."""
    setup = _own(setup_id)
    try:
        make_network(setup=setup, now=timezone.now(), actor=request.user)
    except ValidationError as error:
        for text in error.messages:
            messages.error(request, text)
        return redirect("setup_detail", setup.public_id)
    messages.success(request, _("Done. What comes next stands below."))
    return redirect("setup_detail", setup.public_id)


@require_POST
@requires("manage_networks")
def discarding(request: HttpRequest, setup_id: UUID) -> HttpResponse:
    """Forget what was begun."""
    setup = _own(setup_id)
    discard_setup(setup=setup, now=timezone.now())
    messages.success(request, _("What was begun is discarded."))
    return redirect("blueprint_list")


def _own(setup_id: UUID) -> NetworkSetup:
    return get_object_or_404(own_setups(), pk=setup_id)


def _names(setup: NetworkSetup, blueprint: Blueprint) -> dict[str, str]:
    """By place the company that fills it, or the place's own name."""
    filled = Answers.from_dict(setup.answers).companies(current_company().pk)
    companies = Company.objects.in_bulk(set(filled.values()))
    language = get_language() or "en"
    return {
        place: companies[filled[place]].name if filled.get(place) in companies
        else part.name.text(language)
        for place, part in blueprint.places.items()
    }  # fmt: skip


def _contract_forms(setup: NetworkSetup, data: Any) -> list[dict[str, Any]]:
    """A form for each contract whose provider is the own company, with its words."""
    blueprint, answers = blueprint_of_setup(setup), Answers.from_dict(setup.answers)
    company, names = current_company(), _names(setup, blueprint)
    today, found = local_date(timezone.now(), company.time_zone), []
    for number, part in enumerate(blueprint.contracts):
        filling = answers.places.get(part.provider)
        if filling is None or filling.who != OURS:
            continue
        answer = contract_answer(setup, number, part.title, today)
        plan = PricePlan.from_dict({**part.plan, "currency": company.currency}).to_dict()
        found.append({
            "form": ContractForm(number, plan, answer, data, recipients(part, names)),
            "customer": names[part.customer],
            "customer_known": part.customer in answers.companies(company.pk),
            "charges": plan_words(plan), "split": split_words(part.split, names, company.currency),
            "drafted": str(number) in setup.drafts,
        })  # fmt: skip
    return found


def _drafted_by_others(setup: NetworkSetup, blueprint: Blueprint) -> list[tuple[str, str]]:
    """Titles of contracts that another company drafts, and which."""
    answers, names = Answers.from_dict(setup.answers), _names(setup, blueprint)
    return [
        (part.title, names[part.provider]) for part in blueprint.contracts
        if (filling := answers.places.get(part.provider)) is None or filling.who != OURS
    ]  # fmt: skip


STEPS = ("places", "flows", "terms", "detail")


def _step(
    request: HttpRequest, step: str, setup: NetworkSetup, context: dict[str, Any]
) -> HttpResponse:
    context |= {"setup": setup, "step": step, "number": STEPS.index(step) + 1}
    status = 422 if request.method == "POST" else 200
    return render(request, f"blueprints/setup_{step}.html", context, status=status)
