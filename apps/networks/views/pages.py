"""Lists and sheets of networks."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.common.pages import Action, Empty, ListPage
from apps.events.models import AuditRow
from apps.networks.forms import InviteForm
from apps.networks.models import Participation, ValueNetwork
from apps.networks.queries import (
    OPEN,
    invitations_waiting,
    members_of,
    own_participations,
    visible_networks,
)
from apps.networks.tables import NetworkTable
from apps.networks.wording import act_in_words, roles_in_words
from apps.tenancy.context import current_company
from apps.tenancy.queries import known_company_ids

_SHOWN_ACTS = 50


class NetworkList(ListPage):
    """Networks the company founded, belongs to, or is asked to join."""

    model = ValueNetwork
    table_class = NetworkTable
    title = gettext_lazy("Networks")
    search_fields = ("name", "founder_name")
    export_name = "networks"
    intro_template = "networks/waiting.html"
    actions = (
        Action(
            "network_new",
            gettext_lazy("Found an empty one"),
            capability="manage_networks",
            primary=False,
        ),
        Action("blueprint_list", gettext_lazy("Start a network"), capability="manage_networks"),
    )
    empty = Empty(
        "network", gettext_lazy("No networks yet"),
        gettext_lazy("A network says which companies make, own, run, use and service equipment together."),
        "blueprint_list", gettext_lazy("Start a network"), "manage_networks",
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[ValueNetwork]:
        return visible_networks()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, invitations=list(invitations_waiting()))

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        played: dict[UUID, set[str]] = {}
        for key, role in (
            own_participations()
            .filter(network__in=[row.pk for row in rows], state=Participation.State.ACTIVE)
            .values_list("network_id", "role")
        ):
            played.setdefault(key, set()).add(role)
        for row in rows:
            row.own_roles = roles_in_words(played.get(row.pk, ()))


@require_GET
@requires("view_networks")
def network_detail(request: HttpRequest, network_id: UUID) -> HttpResponse:
    """Who plays which role, what waits, and what happened."""
    network = get_object_or_404(visible_networks(), pk=network_id)
    return render(request, "networks/network_detail.html", sheet(network))


def sheet(network: ValueNetwork, form: InviteForm | None = None) -> dict[str, Any]:
    """The context of a network's page; `form` where an invitation was refused."""
    company = current_company()
    rows = list(members_of(network))
    is_founder = network.author_id == company.pk
    acts = AuditRow.objects.filter(subject=network.public_id).order_by("-at")[:_SHOWN_ACTS]
    return {
        "network": network, "is_founder": is_founder,
        "members": [row for row in rows if row.state in OPEN],
        "former": [row for row in rows if row.state not in OPEN],
        "waiting": invitations_waiting().filter(network=network), "own_id": company.pk,
        "form": form or (InviteForm() if is_founder else None),
        "profiles": known_company_ids(),
        "history": [(act_in_words(row.action), row) for row in acts],
    }  # fmt: skip
