"""Suspend and resume a company."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.console.operations.audit import note_act
from apps.tenancy.models import Company

LONGEST_REASON = 500


def set_company_state(*, company: Company, state: str, by: Any, now: datetime, reason: str) -> None:
    """Suspend or resume a company; its data stay and its machines go on sending.

    Raises ValidationError without a reason, or when the company has not the state this begins from.
    """
    checked = checked_reason(reason)
    before = _BEFORE[Company.State(state)]
    with transaction.atomic():
        if not Company.objects.filter(pk=company.pk, state=before).update(state=state):
            raise ValidationError(
                _("%(name)s has another state by now. Reload the page."),
                params={"name": company.name},
            )
        note_act(action=f"console.company_{state}", by=by, now=now, company=company, reason=checked)


_BEFORE = {
    Company.State.SUSPENDED: Company.State.ACTIVE,
    Company.State.ACTIVE: Company.State.SUSPENDED,
}


def checked_reason(reason: str) -> str:
    """The reason without blanks around it. Raises ValidationError when there is none, or a novel."""
    text = " ".join(reason.replace("\x00", "").split())
    if not text:
        raise ValidationError(_("Say why: the reason stands in the audit."))
    if len(text) > LONGEST_REASON:
        raise ValidationError(
            _("The reason has %(length)s characters; at most %(most)s are kept."),
            params={"length": len(text), "most": LONGEST_REASON},
        )
    return text
