"""A no to what was offered: with a reason, told to the other side; what stands may still be signed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.contracts.events import Refused, TermsRefused
from apps.contracts.models import Contract, EndNotice, PartnerTerms, Refusal, TermsSignature
from apps.contracts.operations.common import both
from apps.contracts.operations.signing import OfferChanged
from apps.contracts.queries import content_sha256, signatures_of
from apps.contracts.queries.covers import can_be_accepted, open_change
from apps.contracts.queries.ends import can_be_signed, ends_of
from apps.contracts.queries.plans import acceptable, open_proposal
from apps.contracts.queries.refusals import latest_refusal, refusals_of
from apps.events.operations import publish, record
from apps.tenancy.context import current_company

WHAT = Refusal.What
LONGEST = 500


@transaction.atomic
def refuse(*, contract_id: UUID, content: str, reason: str, now: datetime, actor: Any) -> Refusal:
    """Say no to the offer, prices, assets or end with this SHA-256. Twice is once.

    Raises Contract.DoesNotExist, OfferChanged, ValidationError on `reason`, and for what the company
    has signed.
    """
    contract, company = (
        Contract.objects.select_related("author").get(pk=contract_id),
        current_company(),
    )
    asked = _asked(contract, content, now) if company.pk in both(contract) else None
    if asked is None:
        raise OfferChanged(_("The offer changed since you opened the page. Look at it again."))
    what, since = asked
    found = latest_refusal(refusals_of(contract), what, content, since)
    if found is not None:
        return found
    signed = signatures_of(contract).filter(author=company, content_sha256=content)
    if signed.filter(signed_at__gte=since).exists():
        raise ValidationError(_("Your company has signed this already."))
    other = [key for key in both(contract) if key != company.pk]
    row = _written(
        contract=contract, parties=both(contract), what=what, content_sha256=content,
        reason=_given(reason), refused_by=str(actor)[:200], refused_at=now,
    )  # fmt: skip
    _note(contract.public_id, row, other, now, actor)
    event = Refused(contract.pk, what)
    publish(name=event.name, payload=event.payload, now=now, to=other)
    return row


@transaction.atomic
def refuse_terms(
    *, terms_id: UUID, content: str, reason: str, now: datetime, actor: Any
) -> Refusal:
    """In the partner's company: say no to the terms its page showed. Twice is once.

    Raises PartnerTerms.DoesNotExist, OfferChanged, ValidationError.
    """
    company = current_company()
    terms = PartnerTerms.objects.select_related("author").get(pk=terms_id, partner=company)
    found: Refusal | None = Refusal.objects.filter(terms=terms).first()
    if found is not None:
        return found
    if terms.withdrawn_at is not None:
        raise ValidationError(_("These terms were withdrawn."))
    if TermsSignature.objects.filter(terms=terms).exists():
        raise ValidationError(_("Your company has signed this already."))
    if content != terms.terms_sha256:
        raise OfferChanged(_("The offer changed since you opened the page. Look at it again."))
    row = _written(
        terms=terms, parties=terms.parties, what=WHAT.TERMS, content_sha256=content,
        reason=_given(reason), refused_by=str(actor)[:200], refused_at=now,
    )  # fmt: skip
    _note(terms.public_id, row, [terms.author_id], now, actor)
    event = TermsRefused(terms.contract_id)
    publish(name=event.name, payload=event.payload, now=now, to=[terms.author_id])
    return row


def _asked(contract: Contract, content: str, now: datetime) -> tuple[str, datetime] | None:
    """What with this digest waits for the current company's word, and since when."""
    own = current_company().pk
    if own == contract.customer_id and contract.offered_at is not None:
        proposal, change = open_proposal(contract), open_change(contract)
        is_offered = contract.state == Contract.State.OFFERED
        if is_offered and content == content_sha256(contract):
            return WHAT.OFFER, contract.offered_at
        if proposal and proposal.content_sha256 == content and acceptable(contract, proposal, now):
            return WHAT.PRICES, proposal.made_at
        if change and change.content_sha256 == content and can_be_accepted(contract, change, now):
            return WHAT.ASSETS, change.made_at
    for row in ends_of(contract):
        is_asked = row.kind == EndNotice.Kind.PROPOSAL and row.author_id != own
        if is_asked and row.content_sha256 == content and can_be_signed(contract, row, now):
            return WHAT.END, row.made_at
    return None


def _given(reason: str) -> str:
    text = reason.strip()
    if not text:
        raise ValidationError({"reason": [_("Say why, so that the other side can answer it.")]})
    if len(text) > LONGEST:
        raise ValidationError({"reason": [_("At most %(most)s characters.") % {"most": LONGEST}]})
    return text


def _written(**values: Any) -> Refusal:
    row: Refusal = Refusal.objects.create(author=current_company(), **values)
    return row


def _note(subject: str, row: Refusal, other: list[int], now: datetime, actor: Any) -> None:
    record(
        action=f"{row.what}_refused", subject=subject, now=now, actor=actor, also=other,
        details={"content": row.content_sha256, "reason": row.reason},
    )  # fmt: skip
