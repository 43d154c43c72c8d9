"""Drafting payouts: what can be paid to whom now, and why the rest is held."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import requires
from apps.settlement.operations import draft_payable
from apps.settlement.queries.payables import Payable, payable_currencies, payables
from apps.settlement.wording import hold_words
from apps.tenancy.context import current_company


@require_http_methods(["GET", "POST"])
@requires("draft_payouts")
def new_payouts(request: HttpRequest) -> HttpResponse:
    """By partner what is payable in a currency; sent, it is a batch that a second person approves."""
    currencies, now = payable_currencies(), timezone.now()
    asked = request.POST.get("currency") or request.GET.get("currency", "")
    currency = asked if asked in currencies else current_company().currency
    method = "sepa" if currency == "EUR" else "stripe"
    if request.method == "POST":
        try:
            batch = draft_payable(
                method=method, currency=currency, now=now, drafted_by=request.user
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return _again(currency)
        if batch is not None:
            messages.success(request, _("The payouts are drafted; a second person approves them."))
            return redirect("payout_batch", batch.public_id)
        messages.info(request, _("Nothing can be paid now."))
        return _again(currency)
    rows = payables(currency, method, now)
    context = {
        "rows": [(row, _notes(row)) for row in rows], "currency": currency,
        "currencies": currencies,
        "total": sum(row.now_minor for row in rows),
    }  # fmt: skip
    return render(request, "settlement/payout_new.html", context)


def _again(currency: str) -> HttpResponse:
    return redirect(f"{reverse('payout_new')}?{urlencode({'currency': currency})}")


def _notes(row: Payable) -> list[dict[str, Any]]:
    """Why it is held, each with the statement that leads on."""
    return [
        {"words": hold_words(hold, row.currency), "statement": hold.key, "why": hold.why}
        for hold in (*row.holds, *row.disputes)
    ]
