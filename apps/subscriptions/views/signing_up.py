"""Signing a company up: an address, the mailed link, the company, and how far it is."""

import logging

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from celery import current_app
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import requires
from apps.accounts.addresses import company_url
from apps.accounts.domain.tokens import hash_of
from apps.accounts.models import User
from apps.accounts.operations import create_person
from apps.accounts.queries import person_by_email
from apps.subscriptions.forms import AddressForm, CompanyForm, PersonForm
from apps.subscriptions.models import SignUp
from apps.subscriptions.operations.signing_up import (
    ask_for_company,
    asked_by,
    order_company,
    prove_address,
)

logger = logging.getLogger(__name__)
ASKED = "sign_up_token"
SET_UP = "peruse.set_up_companies"
STATE = SignUp.State


@never_cache
@require_http_methods(["GET", "POST"])
@requires("anybody")
def begin(request: HttpRequest) -> HttpResponse:
    """Ask for a mail. What is answered does not tell whether the address is known here."""
    form = AddressForm(request.POST or None, initial={"email": getattr(request.user, "email", "")})
    if request.method == "POST" and form.is_valid():
        email, now = form.cleaned_data["email"], timezone.now()
        ask_for_company(email=email, language=request.LANGUAGE_CODE[:2], now=now)
        transaction.on_commit(ring)
        return render(request, "public/mailed.html", {"email": email})
    status = 422 if form.errors else 200
    return render(request, "public/sign_up.html", {"form": form}, status=status)


def ring() -> None:
    """A lost bell costs seconds: beat rings too."""
    try:
        current_app.send_task(SET_UP, queue="platform", retry=False)
    except Exception:
        logger.warning("could not ring for a sign-up")


@never_cache
@require_http_methods(["GET", "POST"])
@requires("anybody")
def proof(request: HttpRequest) -> HttpResponse:
    """The mailed link shows a button; the button proves the address. The token leaves the address bar at once."""
    if token := request.GET.get("token"):
        request.session[ASKED] = hash_of(token)
        return redirect("sign_up_proof")
    row = _asked(request)
    if row is None:
        return render(request, "public/over.html", status=404)
    if request.method == "POST":
        prove_address(token_hash=row.token_hash, now=timezone.now())
        return redirect("sign_up_company")
    return render(request, "public/proof.html", {"row": row})


def _asked(request: HttpRequest) -> SignUp | None:
    """The sign-up of this browser."""
    return asked_by(request.session.get(ASKED, ""), timezone.now())


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@requires("anybody")
def company(request: HttpRequest) -> HttpResponse:
    """Who it is, and where its portal is to be."""
    row = _asked(request)
    if row is None or row.state == STATE.ASKED:
        return render(request, "public/over.html", status=404)
    if row.state in (STATE.BUILDING, STATE.READY):
        return redirect("sign_up_progress")
    known = person_by_email(row.email)
    if known is not None and request.user != known:
        return render(request, "public/known.html", {"row": row})
    form = CompanyForm(request.POST or None, initial={"plan": request.GET.get("plan", "business")})
    person = (
        None
        if known
        else PersonForm(
            request.POST or None, prefix="person", email=row.email, initial=_words(request)
        )
    )
    is_right = form.is_valid() and (person is None or person.is_valid())
    if request.method == "POST" and is_right:
        return _order(request, row, form, person, known)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "person_form": person, "row": row, "domain": settings.PERUSE_DOMAIN}
    return render(request, "public/company.html", context, status=status)


def _words(request: HttpRequest) -> dict[str, str]:
    return {"language": request.LANGUAGE_CODE[:2]}


def _order(
    request: HttpRequest, row: SignUp, form: CompanyForm, person: Form | None, known: User | None
) -> HttpResponse:
    now = timezone.now()
    try:
        with transaction.atomic():
            director = known or create_person(email=row.email, now=now, **person.cleaned_data)  # type: ignore[union-attr]
            order_company(
                sign_up=row, person=director, slug=form.cleaned_data["slug"], plan=form.chosen(),
                facts=form.facts(row.email, director.language), now=now,
            )  # fmt: skip
    except ValidationError as error:
        form.add_error(None, error)
        context = {
            "form": form,
            "person_form": person,
            "row": row,
            "domain": settings.PERUSE_DOMAIN,
        }
        return render(request, "public/company.html", context, status=422)
    transaction.on_commit(ring)
    return redirect("sign_up_progress") if known else _entered(request, director)


def _entered(request: HttpRequest, person: User) -> HttpResponse:
    """Signed in on this host by the password just chosen, as by the page for it."""
    kept = request.session[ASKED]
    entry = Login(user=person, redirect_url=reverse("sign_up_progress"), email=person.email)
    response: HttpResponse = perform_password_login(request, {"email": person.email}, entry)
    request.session[ASKED] = kept
    return response


@never_cache
@require_GET
@requires("anybody")
def progress(request: HttpRequest) -> HttpResponse:
    """How far it is; ready, the way into the portal."""
    row = _asked(request)
    if row is None or row.state in (STATE.ASKED, STATE.PROVEN):
        return redirect("sign_up_company")
    url = company_url(row.company) if row.state == STATE.READY and row.company else ""
    return render(
        request,
        "public/progress.html",
        {"row": row, "url": url},
    )
