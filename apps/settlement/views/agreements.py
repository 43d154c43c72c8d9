"""Self-billing agreements: the list of both sides, the offer, the partner's answer."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.common.navigation import SELLS
from apps.common.pages import Action, Empty, ListPage
from apps.common.period import local_date
from apps.settlement.forms import AgreementForm
from apps.settlement.models import SelfBillingAgreement
from apps.settlement.operations import (
    AgreementFacts,
    answer_agreement,
    end_agreement,
    offer_agreement,
)
from apps.settlement.queries.agreements import agreements_seen
from apps.settlement.tables import AgreementTable
from apps.tenancy.context import current_company


class AgreementList(ListPage):
    """Agreements the company offered or was offered."""

    model = SelfBillingAgreement
    table_class = AgreementTable
    title = gettext_lazy("Self-billing agreements")
    search_fields = ("owner_name", "partner_name")
    export_name = "self-billing-agreements"
    actions = (
        Action(
            "agreement_new", gettext_lazy("New agreement"), capability="sign_contracts", sides=SELLS
        ),
    )
    empty = Empty(
        "file-pen", gettext_lazy("No self-billing agreements yet"),
        gettext_lazy("With one, you write the invoices of a partner's shares; without one the partner sends its own."),
        "agreement_new", gettext_lazy("Offer an agreement"), "sign_contracts", SELLS,
    )  # fmt: skip

    def get_queryset(self) -> Any:
        return agreements_seen()

    def sides(self) -> Sequence[Q]:
        own = current_company()
        return Q(author=own), Q(partner=own)


@require_http_methods(["GET", "POST"])
@requires("sign_contracts")
def new_agreement(request: HttpRequest) -> HttpResponse:
    """Offer a partner to write its invoices."""
    form = AgreementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            agreement = offer_agreement(
                partner=given.pop("partner"), facts=AgreementFacts(**given),
                now=timezone.now(), actor=request.user,
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("The agreement is offered. It holds once the partner accepts.")
            )
            return redirect("agreement_detail", agreement.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "settlement/agreement_new.html", {"form": form}, status=status)


@require_GET
@requires("view_money")
def agreement_detail(request: HttpRequest, agreement_id: UUID) -> HttpResponse:
    """What both agree on, and the partner's answer or its buttons."""
    agreement = get_object_or_404(agreements_seen(), pk=agreement_id)
    today = local_date(timezone.now(), current_company().time_zone)
    is_partner = agreement.partner_id == current_company().pk
    ended = agreement.valid_until is not None and agreement.valid_until <= today
    context = {
        "agreement": agreement, "answer": getattr(agreement, "answer", None),
        "is_partner": is_partner, "to_answer": is_partner and agreement.standing == "offered",
        "to_end": not is_partner and not agreement.withdrawn_at and not ended,
    }  # fmt: skip
    return render(request, "settlement/agreement_detail.html", context)


@require_POST
@requires("sign_contracts")
def answer(request: HttpRequest, agreement_id: UUID) -> HttpResponse:
    """The partner accepts or refuses."""
    word = request.POST.get("answer", "")
    try:
        if word not in ("accept", "refuse"):
            raise ValidationError(_("Choose to accept or to refuse."))
        given = answer_agreement(
            agreement_id=agreement_id, accepted=word == "accept", now=timezone.now(),
            actor=request.user,
        )  # fmt: skip
    except SelfBillingAgreement.DoesNotExist:
        raise Http404 from None
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        done = _("The agreement holds.") if given.accepted else _("The agreement is refused.")
        messages.success(request, done)
    return redirect(
        "agreement_detail", get_object_or_404(agreements_seen(), pk=agreement_id).public_id
    )


@require_POST
@requires("sign_contracts")
def end(request: HttpRequest, agreement_id: UUID) -> HttpResponse:
    """The provider ends or withdraws it."""
    now = timezone.now()
    today = local_date(now, current_company().time_zone)
    try:
        agreement = end_agreement(
            agreement_id=agreement_id, today=today, now=now, actor=request.user
        )
    except SelfBillingAgreement.DoesNotExist:
        raise Http404 from None
    messages.success(
        request, _("Withdrawn.") if agreement.withdrawn_at else _("The agreement ends today.")
    )
    return redirect("agreement_detail", agreement.public_id)
