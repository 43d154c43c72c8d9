"""Parts of a network's pages: its contracts, and those that end with a member."""

from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.contracts.operations import first_day_after
from apps.contracts.queries.networks import contracts_in, going_on, names_recipient, of_company
from apps.networks.models import Participation
from apps.networks.queries import is_last_role, visible_networks

_SHOWN = 100


@require_GET
@requires("view_contracts")
def network_contracts(request: HttpRequest, network_id: UUID) -> HttpResponse:
    """The contracts of a network that the company sees."""
    network = get_object_or_404(visible_networks(), pk=network_id)
    contracts = list(contracts_in(network.pk)[:_SHOWN])
    return render(request, "contracts/network_contracts.html", {"contracts": contracts})


@require_GET
@requires("view_contracts")
def ending_with(request: HttpRequest, participation_id: UUID) -> HttpResponse:
    """What would end today if a member played its role no longer."""
    row = get_object_or_404(Participation, pk=participation_id)
    now = timezone.now()
    contracts = []
    if row.state == Participation.State.ACTIVE and is_last_role(row):
        seen = going_on(row.network_id).annotate(
            only_named=~ExpressionWrapper(of_company(row.company_id), output_field=BooleanField())
        )
        touched = of_company(row.company_id) | names_recipient(row.company_id)
        contracts = list(seen.filter(touched)[:_SHOWN])
    context = {
        "participation": row,
        "contracts": [(contract, first_day_after(contract, now, now)) for contract in contracts],
    }
    return render(request, "contracts/ending_with.html", context)
