"""Which blueprints there are, and their files."""

from typing import Any
from uuid import UUID

import msgspec
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.blueprints.domain.blueprint import Blueprint
from apps.blueprints.domain.scenario import Scenario
from apps.blueprints.forms import BlueprintFileForm
from apps.blueprints.models import NetworkSetup
from apps.blueprints.operations import begin_setup, take_in_blueprint, written_blueprint
from apps.blueprints.queries import (
    blueprint_text,
    own_blueprints,
    own_setups,
    read_blueprint,
    shipped_blueprints,
)
from apps.networks.queries import visible_networks
from apps.tenancy.context import current_company


@require_GET
@requires("manage_networks")
def gallery(request: HttpRequest) -> HttpResponse:
    """Pick one, take up what was begun, or take in a file."""
    return render(request, "blueprints/gallery.html", _gallery(BlueprintFileForm()))


def _gallery(form: BlueprintFileForm) -> dict[str, Any]:
    own = [(row.public_id, read_blueprint(row.text)) for row in own_blueprints()]
    return {
        "cards": [_card(code, found) for code, found in shipped_blueprints().items()],
        "own": [_card(code, found) for code, found in own],
        "open": list(own_setups().filter(state=NetworkSetup.State.OPEN)), "form": form,
    }  # fmt: skip


def _card(code: str, blueprint: Blueprint) -> dict[str, Any]:
    language, head = get_language() or "en", blueprint.head
    return {
        "code": code, "icon": head.icon, "name": head.name.text(language),
        "summary": head.summary.text(language),
        "places": [place.name.text(language) for place in head.places],
    }  # fmt: skip


@require_POST
@requires("manage_networks")
def beginning(request: HttpRequest, blueprint: str) -> HttpResponse:
    """Begin with a blueprint; pressed twice it is the same beginning."""
    try:
        setup = begin_setup(blueprint=blueprint, now=timezone.now(), actor=request.user)
    except ValidationError:
        raise Http404 from None
    return redirect("setup_places", setup.public_id)


@require_POST
@requires("manage_networks")
def taking_in(request: HttpRequest) -> HttpResponse:
    """Take in a blueprint file."""
    form = BlueprintFileForm(request.POST, request.FILES)
    if form.is_valid():
        content = form.cleaned_data["file"].read()
        try:
            row = take_in_blueprint(content=content, now=timezone.now(), actor=request.user)
        except ValidationError as error:
            form.add_error("file", error.messages)
        else:
            messages.success(request, _("%(name)s is one of your blueprints now.") % {"name": row})
            return redirect("blueprint_list")
    return render(request, "blueprints/gallery.html", _gallery(form), status=422)


@require_GET
@requires("manage_networks")
def blueprint_file(request: HttpRequest, blueprint: str) -> HttpResponse:
    """A blueprint as the YAML file it is."""
    text = blueprint_text(blueprint)
    if text is None:
        raise Http404
    return _as_file(text, blueprint)


@require_GET
@requires("manage_networks")
def network_blueprint(request: HttpRequest, network_id: UUID) -> HttpResponse:
    """An own network as a blueprint file."""
    networks = visible_networks().filter(author=current_company())
    network = get_object_or_404(networks, pk=network_id)
    return _as_file(written_blueprint(network), network.public_id)


@require_GET
@requires("manage_networks")
def file_schema(request: HttpRequest) -> HttpResponse:
    """The JSON Schema of scenario files and blueprints."""
    answer = JsonResponse(msgspec.json.schema(Scenario), json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = 'attachment; filename="scenario-file-1.schema.json"'
    return answer


def _as_file(text: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return answer
