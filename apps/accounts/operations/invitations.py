"""Invitations into the current company, by mail."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.addresses import company_url
from apps.accounts.domain.tokens import hash_of, new_token
from apps.accounts.models import Invitation, Membership, User
from apps.accounts.operations.people import add_membership
from apps.accounts.queries import members, open_invitations, person_by_email
from apps.events.operations import enqueue, record
from apps.tenancy.context import current_company

INVITATION_LIFE = timedelta(days=7)
ACCEPTANCE_PATH = "/invitations/acceptance/"


def invite(*, email: str, position: str, now: datetime, actor: User) -> Invitation:
    """Invite somebody by mail. A job sends it; an older open invitation of the address ends.

    Raises ValidationError when the address is none or belongs to a member already.
    """
    company, email = current_company(), email.strip().lower()
    validate_email(email)
    if position not in Membership.Position.values:
        raise ValidationError({"position": _("There is no such position.")})
    if members().filter(user__email=email).exists():
        raise ValidationError({"email": _("This person is a member of your company already.")})
    with transaction.atomic():
        open_invitations(now).filter(email=email).update(withdrawn_at=now)
        invitation = Invitation.objects.create(
            author=company,
            parties=[company.pk],
            email=email,
            position=position,
            token_hash=hash_of(new_token()),  # nobody knows it; the mail gets one of its own
            invited_by=actor,
            invited_at=now,
            expires_at=now + INVITATION_LIFE,
        )
        _record(invitation, "invitation.sent", now, actor)
        enqueue(
            kind="accounts.mail_invitation", payload={"invitation": str(invitation.pk)}, now=now
        )
    return invitation


def mail_invitation(*, invitation: Invitation) -> None:
    """Send the mail with a fresh token, in the recipient's language.

    Earlier mails of the same invitation (a send that failed half-way) no longer open it.
    """
    company, token = current_company(), new_token()
    invitation.token_hash = hash_of(token)
    invitation.save(update_fields=["token_hash"])
    person = person_by_email(invitation.email)
    context = {
        "company": company,
        "invitation": invitation,
        "person": person,
        "url": company_url(company, ACCEPTANCE_PATH, token=token),
    }
    with translation.override(person.language if person else company.language):
        subject = _("%(name)s invites you to its portal") % {"name": company.name}
        text = render_to_string("accounts/mail/invitation.txt", context)
    EmailMessage(" ".join(subject.split()), text, to=[invitation.email]).send()


def withdraw_invitation(*, invitation: Invitation, now: datetime, actor: Any = None) -> None:
    """Make the mailed link worthless. Withdrawing twice is the same as once."""
    with transaction.atomic():
        if open_invitations(now).filter(pk=invitation.pk).update(withdrawn_at=now):
            _record(invitation, "invitation.withdrawn", now, actor)


def accept_invitation(*, invitation: Invitation, user: User, now: datetime) -> Membership:
    """Make the invited person a member. Single use; raises ValidationError when it is over.

    Who is a member already keeps the position they have.
    """
    with transaction.atomic():
        rows = open_invitations(now).select_for_update(of=("self",))
        current = rows.filter(pk=invitation.pk, token_hash=invitation.token_hash).first()
        if current is None:
            raise ValidationError(_("This invitation is no longer valid. Ask for a new one."))
        if current.email != user.email:
            raise ValidationError(_("This invitation was sent to another address."))
        current.accepted_at = now
        current.save(update_fields=["accepted_at"])
        membership = add_membership(user=user, position=current.position, now=now, actor=user)
        _record(current, "invitation.accepted", now, user)
    return membership


def _record(invitation: Invitation, action: str, now: datetime, actor: Any) -> None:
    record(
        action=action,
        subject=invitation.public_id,
        details={"email": invitation.email, "position": invitation.position},
        now=now,
        actor=actor,
    )
