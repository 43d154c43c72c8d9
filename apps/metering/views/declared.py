"""Readings that customers declare: what is needed, what was said. Providers see the same."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.metering.forms import DeclaredReadingForm
from apps.metering.operations import declare_reading
from apps.metering.queries.declared import Declarable, declarable_item, declarable_items


@require_GET
@requires("view_contracts")
def declared_readings(request: HttpRequest) -> HttpResponse:
    """Each item whose customer declares: the values needed, a field, and the history."""
    return _page(request, timezone.now())


@require_POST
@requires("declare_readings")
def new_declared_reading(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Declare what a counter of the company's own contract shows, or correct it."""
    now = timezone.now()
    place = declarable_item(item_id, now)
    if place is None:
        raise Http404
    form = DeclaredReadingForm(request.POST, prefix=place.item.public_id)
    if form.is_valid() and _declared(request, place, form, now):
        messages.success(
            request, _("Declared. It counts as soon as your provider's portal has it.")
        )
        return redirect("declared_readings")
    return _page(request, now, {place.item.pk: form}, status=422)


def _declared(
    request: HttpRequest, place: Declarable, form: DeclaredReadingForm, now: datetime
) -> bool:
    try:
        declare_reading(place=place, now=now, actor=request.user, **form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def _page(
    request: HttpRequest, now: datetime, bound: dict[UUID, DeclaredReadingForm] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    places = [
        (place, (bound or {}).get(place.item.pk) or _form(place) if place.is_own else None)
        for place in declarable_items(now)
    ]
    return render(request, "metering/declared.html", {"places": places}, status=status)


def _form(place: Declarable) -> DeclaredReadingForm:
    """The first day that is missing is filled in, else the last that was needed."""
    days: list[Any] = [*place.missing, *([place.day_of(place.needed[-1])] if place.needed else [])]
    initial = {"read_on": days[0]} if days else {}
    return DeclaredReadingForm(prefix=place.item.public_id, initial=initial)
