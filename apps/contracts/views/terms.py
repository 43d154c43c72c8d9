"""Partners' terms: what was offered to this company, and its yes."""

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
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.common.pages import Empty, ListPage
from apps.contracts.models import PartnerTerms
from apps.contracts.operations import refuse_terms, sign_terms
from apps.contracts.tables import TermsTable
from apps.contracts.wording.splits import terms_words
from apps.tenancy.context import current_company


class TermsList(ListPage):
    """Terms the company offered or was offered."""

    model = PartnerTerms
    table_class = TermsTable
    title = gettext_lazy("Partner terms")
    search_fields = ("title", "provider_name", "partner_name")
    export_name = "partner-terms"
    empty = Empty(
        "git-fork", gettext_lazy("No partner terms yet"),
        gettext_lazy("They say what a company gets of another's contract. A provider offers them with a contract's split."),
        "contract_list", gettext_lazy("Open a contract"), "draft_contracts",
    )  # fmt: skip

    def get_queryset(self) -> Any:
        return PartnerTerms.objects.select_related("signature", "refusal__author")

    def sides(self) -> Sequence[Q]:
        own = current_company()
        return Q(author=own), Q(partner=own)


@require_GET
@requires("view_contracts")
def terms_page(request: HttpRequest, terms_id: UUID) -> HttpResponse:
    """What one partner gets, in words, and the button that signs it."""
    terms = get_object_or_404(
        PartnerTerms.objects.select_related("signature", "refusal__author"), pk=terms_id
    )
    signature = getattr(terms, "signature", None)
    is_partner = terms.partner_id == current_company().pk
    context = {
        "terms": terms, "signature": signature, "is_partner": is_partner,
        "refusal": getattr(terms, "refusal", None),
        "words": terms_words(terms.terms, terms.charges),
        "to_sign": is_partner and signature is None and terms.withdrawn_at is None,
    }  # fmt: skip
    return render(request, "contracts/terms.html", context)


@require_POST
@requires("sign_contracts")
def sign(request: HttpRequest, terms_id: UUID) -> HttpResponse:
    """The partner signs what its page showed."""
    content = request.POST.get("content", "")[:64]
    try:
        sign_terms(terms_id=terms_id, content=content, now=timezone.now(), actor=request.user)
    except PartnerTerms.DoesNotExist:
        raise Http404 from None
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Signed. The split is in force once every partner has signed."))
    return redirect("terms_detail", get_object_or_404(PartnerTerms, pk=terms_id).public_id)


@require_POST
@requires("sign_contracts")
def refusal(request: HttpRequest, terms_id: UUID) -> HttpResponse:
    """The partner says no to what its page showed."""
    given = {name: request.POST.get(name, "") for name in ("content", "reason")}
    try:
        refuse_terms(terms_id=terms_id, now=timezone.now(), actor=request.user, **given)
    except PartnerTerms.DoesNotExist:
        raise Http404 from None
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Refused. The other side is told."))
    return redirect("terms_detail", get_object_or_404(PartnerTerms, pk=terms_id).public_id)
