"""A company's host: its identity provider, and linking oneself there."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.accounts.addresses import public_url
from apps.accounts.confirming import confirmed
from apps.accounts.domain.sign_on import lies_in
from apps.accounts.forms import SignOnForm
from apps.accounts.operations.sign_on import end_link, end_sign_on, open_link, set_sign_on
from apps.accounts.queries import own_link, own_sign_on


@require_GET
@requires("view_people")
def sign_on(request: HttpRequest) -> HttpResponse:
    """Where the company's people may sign in, and whether the reader is linked."""
    found, person = own_sign_on(), request.user
    email = getattr(person, "email", "")
    context = {
        "sign_on": found,
        "link": own_link(person) if found else None,
        "fits": found is not None and lies_in(email, found.domains),
        "redirect_uri": public_url("/sign-on/callback/"),
    }
    return render(request, "accounts/sign_on.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@requires("manage_people")
@confirmed
def provider(request: HttpRequest) -> HttpResponse:
    """Name the provider, or another."""
    found = own_sign_on()
    initial = {"issuer": found.issuer, "client_id": found.client_id,
               "domains": " ".join(found.domains)} if found else {}  # fmt: skip
    form = SignOnForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            set_sign_on(**form.facts(), now=timezone.now(), actor=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Your people may sign in at this provider."))
            return redirect("sign_on")
    context: dict[str, Any] = {"form": form, "redirect_uri": public_url("/sign-on/callback/")}
    status = 422 if form.errors else 200
    return render(request, "accounts/sign_on_provider.html", context, status=status)


@require_POST
@requires("manage_people")
@confirmed
def ending(request: HttpRequest) -> HttpResponse:
    """Nobody signs in there any more."""
    end_sign_on(now=timezone.now(), actor=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Single sign-on has ended; all links are gone."))
    return redirect("sign_on")


@never_cache
@require_POST
@requires("view_people")
@confirmed
def new_link(request: HttpRequest) -> HttpResponse:
    """A page that leads to the provider, once, to say who the reader is there."""
    try:
        token = open_link(person=request.user, now=timezone.now())  # type: ignore[arg-type]
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("sign_on")
    slug = request.company.slug  # type: ignore[attr-defined]
    context = {"sign_on": own_sign_on(), "way": public_url("/sign-on/", company=slug, link=token)}
    return render(request, "accounts/sign_on_link.html", context)


@require_POST
@requires("view_people")
def link_ending(request: HttpRequest) -> HttpResponse:
    """The reader signs in at the provider no more."""
    end_link(person=request.user, now=timezone.now())  # type: ignore[arg-type]
    messages.success(request, _("Your account is no longer linked."))
    return redirect("sign_on")
