"""API keys of the company."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Case, CharField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.accounts.addresses import company_url
from apps.accounts.confirming import confirmed
from apps.accounts.forms import KeyForm
from apps.accounts.models import ApiKey
from apps.accounts.operations import make_key, revoke_key, rotate_key
from apps.accounts.queries import history_of, keys
from apps.accounts.tables import KEY_STATES, KeyTable
from apps.accounts.wording import action_in_words
from apps.common.pages import Action, Empty, ListPage

_HISTORY = 20


def state_of(key: ApiKey, now: datetime) -> str:
    """`active`, `revoked` or `ended`."""
    if key.revoked_at is not None:
        return "revoked"
    return "ended" if key.expires_at is not None and key.expires_at <= now else "active"


class KeyList(ListPage):
    """Keys, those that open nothing any more included."""

    model = ApiKey
    table_class = KeyTable
    title = gettext_lazy("API keys")
    search_fields = ("name", "device_label", "hint")
    filter_fields = ("scope",)
    export_name = "keys"
    actions = (Action("key_new", gettext_lazy("New key"), capability="manage_keys"),)
    empty = Empty(
        "key-round",
        gettext_lazy("No keys yet"),
        gettext_lazy("Machines and programs send readings with a key of their own."),
        "key_new",
        gettext_lazy("Make a key"),
        "manage_keys",
    )

    def get_queryset(self) -> QuerySet[ApiKey]:
        return _with_states(keys())


def _with_states(rows: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    """Each row's state as the database sees it now, for the page and for CSV."""
    now = timezone.now()
    return rows.annotate(
        state=Case(
            When(revoked_at__isnull=False, then=Value("revoked")),
            When(expires_at__lte=now, then=Value("ended")),
            default=Value("active"),
            output_field=CharField(),
        )
    )


def _key(key_id: UUID) -> ApiKey:
    return get_object_or_404(keys(), pk=key_id)


@require_GET
@requires("manage_keys")
def key_detail(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """One key: what it may, when it was used, how to replace or end it."""
    key = _key(key_id)
    state = state_of(key, timezone.now())
    history = [(row, action_in_words(row.action)) for row in history_of(key.public_id)[:_HISTORY]]
    context = {"key": key, "state": state, "state_label": KEY_STATES[state], "history": history}
    return render(request, "accounts/key_detail.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@requires("manage_keys")
@confirmed
def new_key(request: HttpRequest) -> HttpResponse:
    """Make a key. The answer to the POST is the only page that ever shows the secret."""
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            key, secret = make_key(
                name=data["name"], scope=data["scope"], expires_at=data["expires_on"],
                now=timezone.now(), actor=request.user,
            )  # fmt: skip
        except ValidationError as error:
            form.add_error("name", error.messages[0])
        else:
            return show_secret(request, key, secret)
    return render(request, "accounts/key_new.html", {"form": form})


@never_cache
@require_POST
@requires("manage_keys")
@confirmed
def successor(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Make the key that replaces this one; both are valid for a week."""
    key = _key(key_id)
    try:
        made, secret = rotate_key(key=key, now=timezone.now(), actor=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("key_detail", key.public_id)
    return show_secret(request, made, secret)


@require_POST
@requires("manage_keys")
def revocation(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """End a key at once."""
    key = _key(key_id)
    revoke_key(key=key, now=timezone.now(), actor=request.user)
    messages.success(request, _("The key “%(name)s” is revoked.") % {"name": key.name})
    return redirect("key_detail", key.public_id)


def show_secret(request: HttpRequest, key: ApiKey, secret: str) -> HttpResponse:
    """The one page with the secret; nothing keeps it."""
    url = company_url(request.company, "/api/v1/events")  # type: ignore[attr-defined]
    response = render(
        request, "accounts/key_made.html", {"key": key, "secret": secret, "intake_url": url}
    )
    response.headers["Cache-Control"] = "no-store, private"
    return response
