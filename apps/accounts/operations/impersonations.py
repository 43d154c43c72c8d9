"""A person of the platform looks into a company's portal for a while, to help."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Impersonation, User
from apps.events.operations import record
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

LASTS = timedelta(minutes=30)


@transaction.atomic
def start_impersonation(
    *, company: Company, operator: User, reason: str, now: datetime
) -> Impersonation:
    """Let the operator into an active company for half an hour. As the platform.

    An earlier one of theirs in this company ends. Raises ValidationError when the company's portal
    is not open, or who asks is no person of the platform.
    """
    if company.state != Company.State.ACTIVE:
        raise ValidationError(
            _("The portal of %(name)s is not open: resume it first."),
            params={"name": company.name},
        )
    if not (operator.is_active and operator.is_staff):
        raise ValidationError(_("Only people of the platform may do this."))
    Impersonation.all_parties.filter(author=company, operator=operator, ended_at=None).update(
        ended_at=now
    )
    return Impersonation.all_parties.create(
        author=company, parties=[company.pk], operator=operator, operator_name=str(operator)[:200],
        reason=reason, started_at=now, expires_at=now + LASTS,
    )  # fmt: skip


@transaction.atomic
def note_entry(*, impersonation: Impersonation, now: datetime) -> None:
    """In the company: the operator came in."""
    record(
        action="operator.entered", subject=impersonation.public_id, now=now,
        actor=impersonation.operator, details={"reason": impersonation.reason},
    )  # fmt: skip


@transaction.atomic
def end_impersonation(*, impersonation: Impersonation, now: datetime) -> bool:
    """In the company: it is over before its time. False when it was over already."""
    rows = Impersonation.objects.filter(
        author=current_company(), pk=impersonation.pk, ended_at=None
    )
    if not rows.update(ended_at=now):
        return False
    record(
        action="operator.left", subject=impersonation.public_id, now=now,
        actor=impersonation.operator,
    )  # fmt: skip
    return True
