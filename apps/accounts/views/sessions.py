"""Where a person is signed in, and signing out there. A company's sessions end with the one they came
from."""

from typing import Any

from allauth.usersessions.internal.flows.sessions import end_other_sessions, end_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import requires
from apps.accounts.clients import browser_in_words, client_address
from apps.accounts.models import PersonAct
from apps.accounts.operations.person_acts import note_change


def sessions_of(request: HttpRequest) -> list[dict[str, Any]]:
    """The person's standing sign-ins, latest seen first: row, browser, whether it is this one."""
    own = request.session.session_key
    rows = UserSession.objects.purge_and_list(request.user)
    found = [
        {"row": row, "browser": browser_in_words(row.user_agent), "own": row.session_key == own}
        for row in rows
    ]
    return sorted(found, key=lambda one: (one["own"], one["row"].last_seen_at), reverse=True)


def _note(request: HttpRequest, browser: str) -> None:
    note_change(
        person=request.user, change=PersonAct.Change.SIGN_IN_ENDED, now=timezone.now(), what=browser,
        address=client_address(request),
    )  # fmt: skip


@require_POST
@requires("any_person")
def end_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out one of the person's browsers, and what it opened in companies."""
    row = get_object_or_404(UserSession, pk=pk, user_id=request.user.pk)
    own = row.session_key == request.session.session_key
    _note(request, browser_in_words(row.user_agent))
    end_sessions(request, [row])
    if own:
        return redirect("account_login")
    messages.success(request, _("That browser is signed out."))
    return redirect("mfa_index")


@require_POST
@requires("any_person")
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else."""
    for one in sessions_of(request):
        if not one["own"]:
            _note(request, one["browser"])
    end_other_sessions(request, request.user)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("mfa_index")
