"""Lists and sheets of contracts."""

from collections.abc import Sequence
from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.assets.models import Asset
from apps.common.navigation import SELLS
from apps.common.pages import Action, Empty, ListPage
from apps.contracts.models import (
    Contract,
    Refusal,
)
from apps.contracts.queries import (
    contracts_of_asset,
)
from apps.contracts.queries.covers import covers_to_accept
from apps.contracts.queries.ends import ends_to_sign
from apps.contracts.queries.plans import (
    prices_to_accept,
)
from apps.contracts.tables import ContractTable
from apps.tenancy.context import current_company

WHAT = Refusal.What
_SHOWN_ACTS = 50
_SHOWN_ITEMS = 200


class ContractFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        choices=Contract.State.choices, empty_label=gettext_lazy("Every state")
    )
    waits = django_filters.ChoiceFilter(
        choices=(
            ("prices", gettext_lazy("New prices to accept")),
            ("assets", gettext_lazy("A change of assets to accept")),
            ("end", gettext_lazy("An end to sign")),
        ),
        method="waiting", label=gettext_lazy("Waits for"), empty_label=gettext_lazy("All contracts"),
    )  # fmt: skip

    def waiting(self, rows: QuerySet[Contract], name: str, value: str) -> QuerySet[Contract]:
        waits = {"prices": prices_to_accept, "assets": covers_to_accept, "end": ends_to_sign}
        return rows.filter(waits[value](timezone.localdate()))


class ContractList(ListPage):
    """Contracts the company provides, and those it is the customer of."""

    model = Contract
    table_class = ContractTable
    title = gettext_lazy("Contracts")
    search_fields = ("title", "provider_name", "customer_name", "order_number")
    filterset_class = ContractFilters
    export_name = "contracts"
    actions = (
        Action("order_new", gettext_lazy("Bill a single job"), "wrench", "sign_contracts", False, SELLS),
        Action("contract_new", gettext_lazy("New contract"), capability="draft_contracts", sides=SELLS),
    )  # fmt: skip
    empty = Empty(
        "handshake", gettext_lazy("No contracts yet"),
        gettext_lazy("A contract says which assets are covered and what their use costs."),
        "contract_new", gettext_lazy("Draft a contract"), "draft_contracts", SELLS,
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Contract]:
        rows: QuerySet[Contract] = Contract.objects.all()
        return rows

    def sides(self) -> Sequence[Q]:
        own = current_company()
        return Q(author=own), Q(customer=own)


@require_GET
@requires("view_contracts")
def asset_contracts(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Part of an asset's page: the contracts that cover it."""
    get_object_or_404(Asset, pk=asset_id)
    context = {"contracts": contracts_of_asset(asset_id)[:50]}
    return render(request, "contracts/asset_contracts.html", context)
