"""Lists and sheets of networks."""

from collections.abc import Iterable, Sequence
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
from apps.networks.views.members import members_shown
from apps.networks.wording import act_in_words, roles_in_words
from apps.tenancy.context import current_company

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
    return render(request, "networks/network_detail.html", sheet(request, network))


def sheet(
    request: HttpRequest, network: ValueNetwork, form: InviteForm | None = None
) -> dict[str, Any]:
    """The context of a network's page; `form` where an invitation was refused."""
    rows = list(members_of(network))
    is_founder = network.author_id == current_company().pk
    manages = "manage_networks" in getattr(request, "capabilities", ())
    shown = members_shown(rows, founds=is_founder, manages=manages)
    members = list(zip(rows, shown, strict=True))
    acts = AuditRow.objects.filter(subject=network.public_id).order_by("-at")[:_SHOWN_ACTS]
    return {
        "network": network, "is_founder": is_founder,
        "members": [member for row, member in members if row.state in OPEN],
        "former": [member for row, member in members if row.state not in OPEN],
        "waiting": _waiting(network, rows),
        "form": form or (InviteForm() if is_founder else None),
        "history": [(act_in_words(row.action), row) for row in acts],
    }  # fmt: skip


def _waiting(network: ValueNetwork, rows: Iterable[Participation]) -> Iterable[Participation]:
    """Invitations to this company; asked for only where it is invited at all."""
    own, invited = current_company().pk, Participation.State.INVITED
    if not any(row.company_id == own and row.state == invited for row in rows):
        return ()
    return invitations_waiting().filter(network=network)
