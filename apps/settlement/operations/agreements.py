"""Self-billing agreements: offered by the provider, answered by the partner, ended by the provider."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.events.operations import record
from apps.settlement.models import AgreementAnswer, SelfBillingAgreement
from apps.settlement.models.agreements import MOST_DAYS
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """What both agree on. `valid_until` is the last day or None; `objection_days` from 1 to 365."""

    valid_from: date
    valid_until: date | None
    tax_status: str
    tax_proof: str
    tax_proof_on: date
    objection_days: int


@transaction.atomic
def offer_agreement(
    *, partner: Company, facts: AgreementFacts, now: datetime, actor: Any
) -> SelfBillingAgreement:
    """Offer a partner that this company writes the invoices of its shares.

    Raises ValidationError on the field that does not fit.
    """
    own = current_company()
    _judge(own, partner, facts)
    agreement = SelfBillingAgreement(
        author=own, parties=sorted([own.pk, partner.pk]), partner=partner, owner_name=own.name,
        partner_name=partner.name, valid_from=facts.valid_from, valid_until=facts.valid_until,
        tax_status=facts.tax_status, tax_proof=facts.tax_proof, tax_proof_on=facts.tax_proof_on,
        objection_days=facts.objection_days, offered_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            agreement.save(force_insert=True)
    except IntegrityError as problem:
        raise ValidationError({"valid_from": _taken()}) from problem
    _note("self_billing_offered", agreement, now, actor)
    return agreement


def _taken() -> str:
    return _(
        "Another agreement with this partner covers some of these days. End or withdraw it first."
    )


def _judge(own: Company, partner: Company, facts: AgreementFacts) -> None:
    refused = {}
    if partner.pk == own.pk or not known_companies().filter(pk=partner.pk).exists():
        refused["partner"] = _("Choose one of your partners.")
    if facts.valid_until is not None and facts.valid_until < facts.valid_from:
        refused["valid_until"] = _("The last day is before the first.")
    if not 1 <= facts.objection_days <= MOST_DAYS:
        refused["objection_days"] = _("From 1 to 365 days.")
    if refused:
        raise ValidationError(refused)


@transaction.atomic
def answer_agreement(
    *, agreement_id: UUID, accepted: bool, now: datetime, actor: Any
) -> AgreementAnswer:
    """In the partner's company: yes or no. The first answer stands.

    Raises SelfBillingAgreement.DoesNotExist, ValidationError when it was withdrawn.
    """
    own = current_company()
    agreement = SelfBillingAgreement.objects.get(pk=agreement_id, partner=own)
    found: AgreementAnswer | None = AgreementAnswer.objects.filter(agreement=agreement).first()
    if found is not None:
        return found
    if agreement.withdrawn_at is not None:
        raise ValidationError(_("This agreement was withdrawn."))
    answer: AgreementAnswer = AgreementAnswer.objects.create(
        author=own, parties=agreement.parties, agreement=agreement, accepted=accepted,
        answered_by=str(actor)[:200], answered_at=now,
    )  # fmt: skip
    action = "self_billing_accepted" if accepted else "self_billing_refused"
    _note(action, agreement, now, actor, also=agreement.author_id)
    return answer


@transaction.atomic
def end_agreement(
    *, agreement_id: UUID, today: date, now: datetime, actor: Any
) -> SelfBillingAgreement:
    """In the provider's company: accepted it ends today, else it is withdrawn. Twice is once.

    One that begins later than today never comes to hold, so it is withdrawn as well.
    Raises SelfBillingAgreement.DoesNotExist.
    """
    rows = SelfBillingAgreement.objects.written_by(current_company()).select_related("answer")
    agreement: SelfBillingAgreement = rows.select_for_update(of=("self",)).get(pk=agreement_id)
    if agreement.withdrawn_at or (agreement.valid_until and agreement.valid_until <= today):
        return agreement
    if agreement.standing == "accepted" and agreement.valid_from <= today:
        agreement.valid_until = today
    else:
        agreement.withdrawn_at = now
    agreement.save(update_fields=["valid_until", "withdrawn_at"])
    _note("self_billing_ended", agreement, now, actor)
    return agreement


def _note(
    action: str, agreement: SelfBillingAgreement, now: datetime, actor: Any, also: int | None = None
) -> None:
    record(
        action=action, subject=agreement.public_id, now=now, actor=actor,
        also=[also or agreement.partner_id],
    )  # fmt: skip
