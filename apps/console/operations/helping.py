"""Look into a company's portal, to help."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import Impersonation, User
from apps.accounts.operations import start_impersonation
from apps.console.operations.audit import note_act
from apps.console.operations.companies import checked_reason
from apps.tenancy.models import Company


@transaction.atomic
def impersonate(*, company: Company, by: User, now: datetime, reason: str) -> Impersonation:
    """Let the operator into the company for half an hour; both audits say so.

    Raises ValidationError without a reason, or when the portal is not open.
    """
    checked = checked_reason(reason)
    found = start_impersonation(company=company, operator=by, reason=checked, now=now)
    note_act(
        action="console.impersonation_started", by=by, now=now, company=company,
        subject=found.public_id, reason=checked,
    )  # fmt: skip
    return found
