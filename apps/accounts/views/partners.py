"""Companies this one knows."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from apps.accounts.access import requires
from apps.accounts.forms import PartnerForm
from apps.accounts.tables import PartnerTable
from apps.common.pages import Action, Empty, ListPage
from apps.events.operations import publish, record
from apps.tenancy.context import current_company_id
from apps.tenancy.models import Company
from apps.tenancy.operations import make_acquaintance_by_address
from apps.tenancy.queries import known_companies

PARTNER_ADDED = "accounts.partner_added"


class PartnerList(ListPage):
    """Companies one may choose in contracts and passports."""

    model = Company
    table_class = PartnerTable
    title = gettext_lazy("Partners")
    search_fields = ("name", "slug", "city")
    export_name = "partners"
    actions = (Action("partner_new", gettext_lazy("Add a partner"), capability="manage_partners"),)
    empty = Empty(
        "building-2",
        gettext_lazy("No partners yet"),
        gettext_lazy("Add the companies you have contracts with by the address of their portal."),
        "partner_new",
        gettext_lazy("Add a partner"),
        "manage_partners",
    )

    def get_queryset(self) -> Any:
        return known_companies().exclude(pk=current_company_id())


@require_http_methods(["GET", "POST"])
@requires("manage_partners")
def new_partner(request: HttpRequest) -> HttpResponse:
    """Add a company by its address name; there is no list to pick from."""
    form = PartnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            made = make_acquaintance_by_address(slug=form.cleaned_data["slug"], now=now)
        except ValidationError as error:
            form.add_error("slug", error.messages[0])
        else:
            record(
                action="partner.added", subject=made.public_id, now=now, actor=request.user,
                details={"company": made.other.slug},
            )  # fmt: skip
            publish(name=PARTNER_ADDED, payload={"partner": str(made.pk)}, now=now, to=made.parties)
            messages.success(request, _("%(name)s is a partner now.") % {"name": made.other.name})
            return redirect("partners")
    return render(request, "accounts/partner_new.html", {"form": form})
