"""Where the company is paid: bank accounts, mandates, the account at Stripe."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.payments.forms import AccountForm, MandateForm
from apps.payments.operations import (
    close_account,
    connect_stripe,
    make_main,
    onboarding_link,
    open_account,
    revoke_mandate,
    show_payment_details,
    sign_mandate,
)
from apps.payments.queries.accounts import (
    mandates_given,
    mandates_seen,
    open_accounts,
    own_stripe_account,
)


def settings_page(request: HttpRequest, status: int = 200, **forms: Form) -> HttpResponse:
    signed, saved = mandates_seen()
    context = {
        "given": signed.given, "held": signed.held, "saved_given": saved.given,
        "saved_held": saved.held, "accounts": list(open_accounts()),
        "stripe": own_stripe_account(), "account_form": AccountForm(), **_mandate_forms(), **forms,
    }  # fmt: skip
    return render(request, "payments/settings.html", context, status=status)


def _mandate_forms() -> dict[str, Form]:
    """Both offer the same partners, who are read once."""
    signed, saved = MandateForm(), MandateForm(prefix="saved")
    # By iter, or the list would ask for the number of partners first.
    choices = list(iter(signed.fields["creditor"].choices))  # type: ignore[attr-defined]
    for form in (signed, saved):
        form.fields["creditor"].choices = choices  # type: ignore[attr-defined]
    return {"mandate_form": signed, "saved_form": saved}


@require_GET
@requires("view_payments")
def payment_settings(request: HttpRequest) -> HttpResponse:
    """Everything about where money comes in and goes out."""
    return settings_page(request)


@require_POST
@requires("manage_bank_accounts")
@confirmed
def new_account(request: HttpRequest) -> HttpResponse:
    """Add a bank account."""
    form = AccountForm(request.POST)
    if form.is_valid():
        try:
            open_account(now=timezone.now(), actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The bank account is added."))
            return redirect("payment_settings")
    return settings_page(request, 422, account_form=form)


def _done(request: HttpRequest, told: str, act: Callable[[], Any]) -> HttpResponse:
    try:
        act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, told)
    return redirect("payment_settings")


@require_POST
@requires("manage_bank_accounts")
@confirmed
def account_priority(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Others pay to this account from now on."""
    account = get_object_or_404(open_accounts(), pk=account_id)
    told = _("Others pay to this account from now on; payouts to it begin after three days.")
    return _done(
        request, told, lambda: make_main(account=account, now=timezone.now(), actor=request.user)
    )


@require_POST
@requires("manage_bank_accounts")
@confirmed
def account_closing(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """The account is used no more."""
    account = get_object_or_404(open_accounts(), pk=account_id)
    return _done(
        request, _("The bank account is used no more."),
        lambda: close_account(account=account, now=timezone.now(), actor=request.user),
    )  # fmt: skip


@require_POST
@requires("manage_bank_accounts")
def sharing(request: HttpRequest) -> HttpResponse:
    """All partners of today see where the company is paid."""
    return _done(request, _("Your partners see where you are paid."), show_payment_details)


@require_POST
@requires("manage_bank_accounts")
@confirmed
def new_mandate(request: HttpRequest) -> HttpResponse:
    """Let a partner collect."""
    form = MandateForm(request.POST)
    if not form.is_valid():
        return settings_page(request, 422, mandate_form=form)
    creditor = form.cleaned_data["creditor"]
    return _done(
        request, _("%(company)s may collect by direct debit now.") % {"company": creditor.name},
        lambda: sign_mandate(creditor=creditor, now=timezone.now(), actor=request.user),
    )  # fmt: skip


@require_POST
@requires("manage_bank_accounts")
def mandate_revocation(request: HttpRequest, mandate_id: UUID) -> HttpResponse:
    """Nothing is collected under it from now on."""
    mandate = get_object_or_404(mandates_given(), pk=mandate_id)
    return _done(
        request, _("The mandate is revoked."),
        lambda: revoke_mandate(mandate=mandate, now=timezone.now(), actor=request.user),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("manage_bank_accounts")
@confirmed
def stripe_connection(request: HttpRequest) -> HttpResponse:
    """Open the account at Stripe (POST), then lead there by a link, never by a form."""
    account, link, problem = own_stripe_account(), "", ""
    try:
        if request.method == "POST":
            connect_stripe(now=timezone.now(), actor=request.user)
            return redirect("stripe_connection")
        if account is not None and not account.payouts_enabled:
            link = onboarding_link(account)
    except ValidationError as error:
        problem = " ".join(error.messages)
    context = {"stripe": account, "link": link, "problem": problem}
    return render(request, "payments/stripe.html", context, status=422 if problem else 200)
