"""Members of the company, their positions, and invitations."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.accounts.forms import InvitationForm, PositionForm
from apps.accounts.models import Invitation, Membership
from apps.accounts.operations import (
    change_position,
    end_membership,
    invite,
    withdraw_invitation,
)
from apps.accounts.queries import history_of, members, open_invitations
from apps.accounts.tables import PeopleTable
from apps.accounts.wording import action_in_words
from apps.common.pages import Action, Empty, ListPage

_HISTORY = 20


class PeopleFilters(django_filters.FilterSet):
    """By what somebody is in the company."""

    position = django_filters.ChoiceFilter(
        label=pgettext_lazy("person", "Position"), choices=Membership.Position.choices,
        empty_label=gettext_lazy("All positions"),
    )  # fmt: skip

    class Meta:
        model = Membership
        fields: ClassVar[list[str]] = ["position"]


class PeopleList(ListPage):
    """Who belongs to the company, and who is invited."""

    model = Membership
    table_class = PeopleTable
    title = gettext_lazy("People")
    search_fields = ("user__name", "user__email")
    filterset_class = PeopleFilters
    export_name = "people"
    intro_template = "accounts/invitations.html"
    actions = (Action("invitation_new", gettext_lazy("Invite"), "user-plus", "manage_people"),)
    empty = Empty("users", gettext_lazy("Nobody here yet"))

    def get_queryset(self) -> QuerySet[Membership]:
        return members()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs, invitations=list(open_invitations(timezone.now()))
        )


def _member(membership_id: UUID) -> Membership:
    return get_object_or_404(members(), pk=membership_id)


@require_GET
@requires("view_people")
def person(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """A member: position, and what happened to it."""
    member = _member(membership_id)
    history = [
        (row, action_in_words(row.action)) for row in history_of(member.public_id)[:_HISTORY]
    ]
    form = PositionForm(initial={"position": member.position})
    context = {
        "member": member,
        "form": form,
        "history": history,
        "oneself": member.user_id == request.user.pk,
    }
    return render(request, "accounts/person.html", context)


@require_POST
@requires("manage_people")
def position(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """Give a member another position."""
    member = _member(membership_id)
    form = PositionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("There is no such position."))
        return redirect("person", member.public_id)

    def act() -> str:
        changed = change_position(
            membership=member, now=timezone.now(), actor=request.user, **form.cleaned_data
        )
        named = {"name": member.user.name, "position": changed.get_position_display()}
        return _("%(name)s has the position %(position)s now.") % named

    _told(request, act)
    return redirect("person", member.public_id)


@require_POST
@requires("manage_people")
def ending(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """End a membership."""
    member = _member(membership_id)

    def act() -> str:
        end_membership(membership=member, now=timezone.now(), actor=request.user)
        return _("%(name)s is no longer a member.") % {"name": member.user.name}

    return redirect("people") if _told(request, act) else redirect("person", member.public_id)


@require_http_methods(["GET", "POST"])
@requires("manage_people")
def new_invitation(request: HttpRequest) -> HttpResponse:
    """Invite somebody by mail."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sent = invite(now=timezone.now(), actor=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except ValidationError as error:
            form.add_error("email", error.messages[0])
        else:
            told = _("An invitation goes to %(email)s. It is good for seven days.")
            messages.success(request, told % {"email": sent.email})
            return redirect("people")
    return render(request, "accounts/invitation_new.html", {"form": form})


@require_POST
@requires("manage_people")
def withdrawal(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    invitation = get_object_or_404(
        Invitation.objects.filter(author=request.company), pk=invitation_id  # type: ignore[attr-defined]
    )  # fmt: skip
    withdraw_invitation(invitation=invitation, now=timezone.now(), actor=request.user)
    told = _("The invitation of %(email)s is withdrawn.")
    messages.success(request, told % {"email": invitation.email})
    return redirect("people")


def _told(request: HttpRequest, act: Callable[[], str]) -> bool:
    """Do it and say so, or say why not."""
    try:
        messages.success(request, act())
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return False
    return True
