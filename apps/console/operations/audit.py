"""Every act of the platform's people leaves two rows: the operator's and the company's."""

from datetime import datetime
from typing import Any

from apps.console.models import OperatorAct
from apps.events.models import AuditRow
from apps.tenancy.models import Company


def note_act(
    *,
    action: str,
    by: Any,
    now: datetime,
    company: Company | None = None,
    subject: str = "",
    reason: str = "",
) -> None:
    """Append the act to the operator's audit and, of a company, to that company's. As the platform."""
    OperatorAct.objects.create(
        at=now, actor_id=by.pk, actor=str(by)[:200], action=action, company=company,
        subject=subject, reason=reason,
    )  # fmt: skip
    if company is not None:
        AuditRow.all_parties.bulk_create([_row(company, action, subject, reason, by, now)])


def _row(
    company: Company, action: str, subject: str, reason: str, by: Any, now: datetime
) -> AuditRow:
    return AuditRow(
        author=company, parties=[company.pk], at=now, actor_id=by.pk, actor=str(by)[:200],
        action=action, subject=subject, details={"reason": reason} if reason else {},
    )  # fmt: skip
