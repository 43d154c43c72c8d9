"""Objections to self-billed documents: the partner's, in time; the provider's answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.common.period import local_date
from apps.events.operations import publish, record
from apps.settlement.events import ObjectionAnswered, StatementObjected
from apps.settlement.models import Objection, ObjectionAnswer, Statement
from apps.tenancy.context import current_company


@transaction.atomic
def object_to_statement(*, statement_id: UUID, reason: str, now: datetime, actor: Any) -> Objection:
    """In the partner's company: freeze the document's payout. The first objection stands.

    The last day counts whole in the partner's zone. Raises Statement.DoesNotExist, ValidationError.
    """
    own = current_company()
    statement = Statement.objects.select_related("partner").get(pk=statement_id, partner=own)
    found: Objection | None = Objection.objects.filter(statement=statement).first()
    if found is not None:
        return found
    if statement.objection_until is None:
        raise ValidationError(_("An advice is no invoice; send your own invoice instead."))
    if local_date(now, own.time_zone) > statement.objection_until:
        raise ValidationError(_("The days to object are over."))
    objection: Objection = Objection.objects.create(
        author=own, parties=statement.parties, statement=statement, reason=reason,
        objected_by=str(actor)[:200], objected_at=now,
    )  # fmt: skip
    record(
        action="statement_objected", subject=statement.public_id, now=now, actor=actor,
        also=[statement.author_id],
    )  # fmt: skip
    event = StatementObjected(statement.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[statement.author_id])
    return objection


@transaction.atomic
def answer_objection(
    *, statement_id: UUID, upheld: bool, text: str, now: datetime, actor: Any
) -> ObjectionAnswer:
    """In the provider's company: the first answer stands. Raises Objection.DoesNotExist."""
    own = current_company()
    objection = Objection.objects.select_related("statement").get(
        statement=statement_id, statement__author=own
    )
    found: ObjectionAnswer | None = ObjectionAnswer.objects.filter(objection=objection).first()
    if found is not None:
        return found
    answer: ObjectionAnswer = ObjectionAnswer.objects.create(
        author=own, parties=objection.parties, objection=objection, upheld=upheld, text=text,
        answered_by=str(actor)[:200], answered_at=now,
    )  # fmt: skip
    record(
        action="objection_answered", subject=objection.statement.public_id, now=now, actor=actor,
        also=[objection.author_id],
    )  # fmt: skip
    event = ObjectionAnswered(objection.statement_id)
    publish(name=event.name, payload=event.payload, now=now, to=[objection.author_id])
    return answer
