"""What companies tell about themselves: the own page to write, those of partners to read."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import requires
from apps.networks.forms import ProfileForm
from apps.networks.operations import save_profile
from apps.networks.queries import profile_of, roles_of
from apps.networks.wording import facts_in_words
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies


@require_GET
@requires("view_people")
def company_profile(request: HttpRequest, slug: str) -> HttpResponse:
    """A partner's page, or the own one as partners see it."""
    company = get_object_or_404(known_companies(), slug=slug)
    return render(request, "networks/profile.html", sheet(company))


def sheet(company: Company) -> dict[str, Any]:
    profile = profile_of(company.pk)
    return {
        "company": company, "profile": profile, "roles": roles_of(company.pk),
        "own": company.pk == current_company().pk,
        "facts": facts_in_words(company, profile.shown if profile else ()),
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("manage_partners")
def own_profile(request: HttpRequest) -> HttpResponse:
    """Decide what partners read."""
    company = current_company()
    form = ProfileForm(request.POST or None, initial=_initial(company))
    if request.method == "POST" and form.is_valid():
        save_profile(now=timezone.now(), actor=request.user, **form.cleaned_data)
        messages.success(request, _("Saved. This is what partners see."))
        return redirect("company_profile", company.slug)
    status = 422 if request.method == "POST" else 200
    return render(request, "networks/profile_form.html", {"form": form}, status=status)


def _initial(company: Company) -> dict[str, Any]:
    profile = profile_of(company.pk)
    if profile is None:
        return {"shown": ["address"]}
    return {"about": profile.about, "website": profile.website, "shown": profile.shown}
