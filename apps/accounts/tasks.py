"""Jobs of people and companies: the mails of invitations, the question about a VAT id."""

from datetime import datetime

from apps.accounts.operations import mail_invitation
from apps.accounts.operations.vat_checks import KIND, check_vat_id
from apps.accounts.queries import open_invitations
from apps.events.domain.registry import handles
from apps.events.models import Job


@handles("accounts.mail_invitation")
def send_invitation(job: Job, now: datetime) -> None:
    """Send an invitation's mail unless it was accepted, withdrawn or replaced meanwhile."""
    invitation = open_invitations(now).filter(pk=job.payload["invitation"]).first()
    if invitation is not None:
        mail_invitation(invitation=invitation)


@handles(KIND, atomic=False)
def ask_register(job: Job, now: datetime) -> dict[str, str]:
    """Ask the EU's register; whatever it says, this job is done."""
    return {"state": check_vat_id(now=now)}
