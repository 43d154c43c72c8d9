"""The company's own page: what stands on its documents, seen by all its people."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import requires
from apps.accounts.domain.company_facts import SCHEMES
from apps.accounts.domain.zones import zone_stays
from apps.accounts.forms import CompanyForm
from apps.accounts.operations import describe_company
from apps.accounts.operations.company_facts import FIELDS
from apps.accounts.queries import impersonations, own_vat_check
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

VISITS_SHOWN = 20


def _fresh() -> Company:
    """As it stands now, not as this process remembers it."""
    return Company.objects.get(pk=current_company().pk)


@require_GET
@requires("view_people")
def company_detail(request: HttpRequest) -> HttpResponse:
    """Name, address, tax ids, contact, and where e-invoices go to."""
    company = _fresh()
    scheme, _colon, identifier = company.e_address.partition(":")
    context = {
        "company": company,
        "vat_check": own_vat_check(),
        "scheme": SCHEMES.get(scheme, ""),
        "identifier": identifier,
        "visits": impersonations()[:VISITS_SHOWN],
        "now": timezone.now(),
    }
    return render(request, "accounts/company_detail.html", context)


@require_http_methods(["GET", "POST"])
@requires("manage_people")
def company_facts(request: HttpRequest) -> HttpResponse:
    """Change them; documents that exist stay as they are."""
    initial = _initial(_fresh())
    form = CompanyForm(request.POST or None, initial=initial, zone_stays=zone_stays())
    if request.method == "POST" and form.is_valid():
        try:
            changed = describe_company(facts=form.facts(), now=timezone.now(), actor=request.user)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            told = _("The company details are kept.") if changed else _("Nothing has changed.")
            messages.success(request, told)
            return redirect("company_detail")
    status = 422 if form.errors else 200
    return render(request, "accounts/company_facts.html", {"form": form}, status=status)


def _initial(company: Company) -> dict[str, Any]:
    scheme, _colon, identifier = company.e_address.partition(":")
    known = {name: getattr(company, name) for name in FIELDS}
    return {**known, "scheme": scheme, "e_address": identifier}
