"""Accepting an invitation: the mailed link shows it, a POST accepts it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts.access import requires
from apps.accounts.domain.tokens import hash_of
from apps.accounts.forms import NewPersonForm
from apps.accounts.models import Invitation, User
from apps.accounts.operations import accept_invitation, create_person
from apps.accounts.operations.invitations import ACCEPTANCE_PATH
from apps.accounts.queries import invitation_by_hash, person_by_email
from apps.accounts.views.entry import PROVEN, leave_for_sign_in, proven_person

_SESSION_INVITATION = "invitation_hash"


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@requires("anybody")
def acceptance(request: HttpRequest) -> HttpResponse:
    """The invitation in this browser. The token leaves the address at once."""
    if token := request.GET.get("token"):
        request.session[_SESSION_INVITATION] = hash_of(token)
        return redirect(ACCEPTANCE_PATH)
    token_hash = request.session.get(_SESSION_INVITATION, "")
    invitation = invitation_by_hash(token_hash, timezone.now())
    if invitation is None:
        return render(request, "accounts/invitation_over.html", status=404)
    known = person_by_email(invitation.email)
    if known is None:
        return _as_new_person(request, invitation)
    return _as_known_person(request, invitation, known)


def _as_known_person(request: HttpRequest, invitation: Invitation, known: User) -> HttpResponse:
    present = request.user if request.user.is_authenticated else proven_person(request)
    right = present is not None and present.pk == known.pk
    if request.method == "POST" and not right:
        return leave_for_sign_in(request, ACCEPTANCE_PATH)
    if request.method == "POST":
        return _accept(request, invitation, known)
    context = {"invitation": invitation, "person": known, "right": right, "present": present}
    return render(request, "accounts/invitation.html", context)


def _as_new_person(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    initial = {"language": request.LANGUAGE_CODE}
    form = NewPersonForm(request.POST or None, email=invitation.email, initial=initial)
    if request.method == "POST" and form.is_valid():
        person = create_person(email=invitation.email, now=timezone.now(), **form.cleaned_data)
        return _accept(request, invitation, person)
    return render(request, "accounts/invitation.html", {"invitation": invitation, "form": form})


def _accept(request: HttpRequest, invitation: Invitation, person: User) -> HttpResponse:
    try:
        accept_invitation(invitation=invitation, user=person, now=timezone.now())
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return render(request, "accounts/invitation_over.html", status=409)
    for name in (_SESSION_INVITATION, PROVEN):
        request.session.pop(name, None)
    messages.success(request, _("Welcome. You are a member now."))
    return redirect("/")
