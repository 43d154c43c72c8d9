"""A plan by agreement, given to a company or ended."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.console.operations.audit import note_act
from apps.console.operations.companies import checked_reason
from apps.subscriptions.models import Plan
from apps.subscriptions.operations import end_agreement, give_agreement
from apps.tenancy.models import Company

STANDING = (Company.State.ACTIVE, Company.State.SUSPENDED)


@transaction.atomic
def set_agreement(
    *, company: Company, plan: Plan | None, by: Any, now: datetime, reason: str
) -> Plan:
    """Give this plan by agreement, or end the one that is agreed (None); both audits say so.

    Returns the plan. Raises ValidationError without a reason, for a company that does not stand, while an ordered
    plan runs, and where nothing would change.
    """
    checked = checked_reason(reason)
    if not Company.objects.filter(pk=company.pk, state__in=STANDING).exists():
        raise ValidationError(
            _("%(name)s has another state by now. Reload the page."), params={"name": company.name}
        )
    action = "console.agreement_ended" if plan is None else "console.agreement_given"
    if plan is None:
        plan = end_agreement(company=company, now=now)
    else:
        give_agreement(company=company, plan=plan, now=now)
    note_act(action=action, by=by, now=now, company=company, subject=plan.pk, reason=checked)
    return plan
