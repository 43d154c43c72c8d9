"""Requests for data: asked, answered by each company asked, withdrawn."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.assets.domain.mounting import Layout
from apps.assets.models import Asset, ChannelMark, DataGrant, DataRequest, RequestAnswer
from apps.assets.operations import answer_request, end_consent, request_data, withdraw_request
from apps.assets.queries import seen_requests, standing_of
from apps.common.pages import Empty, ListPage
from apps.telemetry.forms.grants import AnswerForm, DataTermsForm
from apps.telemetry.tables import RequestTable
from apps.telemetry.wording import standing_words
from apps.tenancy.context import current_company, current_company_id


class RequestList(ListPage):
    """Requests the company made, is asked, or would be granted by."""

    model = DataRequest
    table_class = RequestTable
    title = gettext_lazy("Requests for data")
    pretitle = gettext_lazy("Data")
    search_fields = ("asset_label", "purpose")
    filter_fields = ("kind",)
    export_name = "data-requests"
    empty = Empty(
        "message-square", gettext_lazy("No requests yet"),
        gettext_lazy("Ask for the data of an asset from its page."),
        "asset_list", gettext_lazy("See assets"), "view_assets",
    )  # fmt: skip

    def get_queryset(self) -> Any:
        return seen_requests()

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        for row in rows:
            row.standing = standing_of(row)


@require_GET
@requires("view_readings")
def request_detail(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """What is asked, what was said to it, what it bore."""
    row = get_object_or_404(seen_requests(), pk=request_id)
    return render(request, "telemetry/request_detail.html", _sheet(row))


def _sheet(row: DataRequest, form: AnswerForm | None = None) -> dict[str, Any]:
    own = current_company_id()
    standing = standing_of(row)
    answers = list(row.answers.all())
    said = {(answer.author_id, answer.kind) for answer in answers}
    asset = Asset.objects.filter(pk=row.asset_id).first()
    shown = {item.code: item for item in Layout.from_dict(asset.layout).channels} if asset else {}
    answered = any(author == own for author, _kind in said)
    return {
        "row": row, "standing": standing, "standing_label": standing_words(standing),
        "answers": answers, "sees_asset": asset is not None, "form": form or AnswerForm(),
        "channels": [(code, shown.get(code)) for code in row.channels],
        "marked": [item for item in shown.values() if item.code in row.channels and item.mark],
        "marks": dict(ChannelMark.choices), "waits_for": _waits_for(row, said, standing),
        "may_answer": standing == "open" and own in row.deciders - {row.author_id} and not answered,
        "may_withdraw": row.author_id == own and standing in ("open", "accepted"),
        "may_end": row.user_id == own and row.author_id != own and standing == "accepted",
        "grant": DataGrant.objects.filter(request=row).first(),
    }  # fmt: skip


def _waits_for(row: DataRequest, said: set[tuple[int, str]], standing: str) -> list[Any]:
    if standing != "open":
        return []
    yes = {author for author, kind in said if kind == RequestAnswer.Kind.ACCEPTED}
    asked = {row.collector_id: row.collector}
    if row.user is not None:
        asked[row.user.pk] = row.user
    return [company for key, company in asked.items() if key not in {*yes, row.author_id}]


@require_http_methods(["GET", "POST"])
@requires("share_data")
def ask(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Ask who collects an asset's data; who uses it may share them with a partner."""
    now = timezone.now()
    seen = Asset.objects.exclude(author=current_company()).select_related("author", "customer")
    asset = get_object_or_404(seen, pk=asset_id)
    uses = asset.customer_id == current_company_id()
    form = DataTermsForm(request.POST or None, asset=asset, now=now, others=uses)
    if request.method == "POST" and form.is_valid():
        try:
            row = request_data(asset=asset, **form.terms(), now=now, actor=request.user)
        except ValidationError as error:
            form.add_error(None, _known(error, form))
        else:
            messages.success(request, _("The request is on its way."))
            return redirect("request_detail", row.public_id)
    context = {"form": form, "asset": asset, "uses": uses}
    status = 422 if request.method == "POST" else 200
    return render(request, "telemetry/data_terms.html", context, status=status)


def _known(error: ValidationError, form: DataTermsForm) -> ValidationError:
    """The refusal by fields the form has, else as a whole."""
    fields = set(getattr(error, "error_dict", {}))
    return error if fields <= set(form.fields) else ValidationError(error.messages)


@require_POST
@requires("share_data")
def acceptance(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Yes, from who collects or who uses the asset."""
    return _done(
        request, request_id, _("You have accepted."),
        lambda row, now: answer_request(request=row, accepts=True, now=now, actor=request.user),
    )  # fmt: skip


@require_POST
@requires("share_data")
def refusal(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """No, with a reason."""
    form = AnswerForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    return _done(
        request, request_id, _("You have refused."),
        lambda row, now: answer_request(
            request=row, accepts=False, now=now, actor=request.user, reason=reason
        ),
    )  # fmt: skip


@require_POST
@requires("share_data")
def withdrawal(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Who asked takes the request back, and what it bore."""
    get_object_or_404(seen_requests().filter(author=current_company()), pk=request_id)
    return _done(
        request, request_id, _("The request is withdrawn; what it bore ends."),
        lambda row, now: withdraw_request(request=row, now=now, actor=request.user),
    )  # fmt: skip


@require_POST
@requires("share_data")
def consent_end(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Who uses the asset takes its yes back."""
    return _done(
        request, request_id, _("Your consent is withdrawn; the grant ends."),
        lambda row, now: end_consent(request=row, now=now, actor=request.user),
    )  # fmt: skip


def _done(
    request: HttpRequest, request_id: UUID, text: str,
    act: Callable[[DataRequest, datetime], Any],
) -> HttpResponse:  # fmt: skip
    row = get_object_or_404(seen_requests(), pk=request_id)
    try:
        act(row, timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, text)
    return redirect("request_detail", row.public_id)
