"""Jobs of people: the mails of invitations."""

from datetime import datetime

from apps.accounts.operations import mail_invitation
from apps.accounts.queries import open_invitations
from apps.events.domain.registry import handles
from apps.events.models import Job


@handles("accounts.mail_invitation")
def send_invitation(job: Job, now: datetime) -> None:
    """Send an invitation's mail unless it was accepted, withdrawn or replaced meanwhile."""
    invitation = open_invitations(now).filter(pk=job.payload["invitation"]).first()
    if invitation is not None:
        mail_invitation(invitation=invitation)
