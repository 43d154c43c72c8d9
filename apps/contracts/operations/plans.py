"""New plan versions: proposed by the provider, accepted by the customer, from a period on."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.common.period import local_date
from apps.contracts.events import PlanAccepted, PlanAdopted, PlanProposed
from apps.contracts.models import Contract, ContractItem, PlanProposal, PlanVersion, Signature
from apps.contracts.operations.common import both, locked
from apps.contracts.operations.credit import must_have_credit
from apps.contracts.operations.indices import show_series_to
from apps.contracts.operations.judging import judged_plan, judged_rows, refuse_mixed_tax
from apps.contracts.operations.signing import OfferChanged
from apps.contracts.queries.plans import (
    acceptable,
    next_period_start,
    open_proposal,
    proposal_content,
    starts_a_period,
)
from apps.contracts.queries.spans import is_covered_on
from apps.events.operations import publish, record
from apps.tenancy.context import current_company


@transaction.atomic
def propose_plan(
    *, contract: Contract, plan: Mapping[str, Any], valid_from: date, now: datetime, actor: Any,
    by_finance: bool = False,
) -> PlanProposal:  # fmt: skip
    """Sign a new plan for a contract in force and show it to the customer.

    An open proposal is withdrawn by it; the same one again is that one. Raises ValidationError on
    `valid_from`, `plan` and `items`; on `customer` above its credit limit, unless `by_finance`.
    """
    contract = locked(contract.pk)
    _judge_day(contract, valid_from, now)
    value = judged_plan(contract.currency, plan)
    refuse_mixed_tax(value, contract.tax_category)
    items = list(ContractItem.objects.filter(contract=contract))
    judged_rows(items, value)
    content = proposal_content(contract, valid_from, value.to_dict())
    before = open_proposal(contract)
    if before is not None and before.content_sha256 == content:
        return before
    must_have_credit(contract.customer_id, contract.currency, by_finance)
    if before is not None:
        _close(before, PlanProposal.State.WITHDRAWN)
    proposal: PlanProposal = PlanProposal.objects.create(
        author_id=contract.author_id, parties=both(contract), contract=contract,
        valid_from=valid_from, plan=value.to_dict(), plan_sha256=value.hash,
        content_sha256=content, made_at=now,
    )  # fmt: skip
    show_series_to(plan=value, parties=both(contract))
    _sign(contract, content, now, actor)
    _note("plan_proposed", proposal, now, actor)
    event = PlanProposed(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[contract.customer_id])
    return proposal


@transaction.atomic
def withdraw_proposal(*, contract: Contract, now: datetime, actor: Any) -> None:
    """Take the open proposal back. Without one nothing happens."""
    contract = locked(contract.pk)
    proposal = open_proposal(contract)
    if proposal is not None:
        _close(proposal, PlanProposal.State.WITHDRAWN)
        _note("plan_withdrawn", proposal, now, actor)


@transaction.atomic
def accept_plan(*, contract_id: UUID, content: str, now: datetime, actor: Any) -> Signature:
    """In the customer's company: sign the proposal its page showed. Twice is once.

    Raises Contract.DoesNotExist, OfferChanged, ValidationError.
    """
    company = current_company()
    contract = Contract.objects.select_related("author").get(pk=contract_id, customer=company)
    earlier = Signature.objects.filter(author=company, contract=contract, content_sha256=content)
    proposal = open_proposal(contract)
    found: Signature | None = earlier.first()
    if found is not None:
        _say_again(contract, proposal, found, now, actor)
        return found
    if proposal is None or proposal.content_sha256 != content:
        raise OfferChanged(_("The offer changed since you opened the page. Look at it again."))
    if not is_covered_on(contract, proposal.valid_from):
        raise ValidationError(_("The contract ends before that day."))
    if not acceptable(contract, proposal, now):
        day = date_format(proposal.valid_from, "DATE_FORMAT")
        raise ValidationError(_("These prices could be accepted before %(day)s.") % {"day": day})
    signature = _sign(contract, content, now, actor)
    _note("plan_accepted", proposal, now, actor)
    _tell_accepted(contract, now)
    return signature


def _say_again(
    contract: Contract, proposal: PlanProposal | None, found: Signature, now: datetime, actor: Any
) -> None:
    """Prices taken back and proposed again unchanged keep their signature; the yes is told again."""
    if proposal is None or proposal.content_sha256 != found.content_sha256:
        return
    if acceptable(contract, proposal, now):
        if found.signed_at < proposal.made_at:
            _note("plan_accepted", proposal, now, actor)
        _tell_accepted(contract, now)


def _tell_accepted(contract: Contract, now: datetime) -> None:
    event = PlanAccepted(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[contract.author_id])


@transaction.atomic
def adopt_plan(*, contract_id: UUID, now: datetime) -> bool:
    """In the provider's company: make the version both have signed. False when there is none.

    The customer's signature decides, not the moment of this job: it was in time.
    """
    contract = locked(contract_id)
    proposal = open_proposal(contract)
    if proposal is None or contract.state != Contract.State.ACTIVE:
        return False
    signed = Signature.objects.filter(contract=contract, content_sha256=proposal.content_sha256)
    if not set(both(contract)) <= set(signed.values_list("author", flat=True)):
        return False
    if not is_covered_on(contract, proposal.valid_from):
        withdraw_proposal(contract=contract, now=now, actor=None)
        return False
    number = PlanVersion.objects.filter(contract=contract).count() + 1
    PlanVersion.objects.create(
        author_id=contract.author_id, parties=both(contract), contract=contract, number=number,
        valid_from=proposal.valid_from, plan=proposal.plan, plan_sha256=proposal.plan_sha256,
        made_at=now,
    )  # fmt: skip
    _close(proposal, PlanProposal.State.ACCEPTED)
    _note("plan_adopted", proposal, now, None)
    event = PlanAdopted(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[contract.author_id])
    return True


def _judge_day(contract: Contract, valid_from: date, now: datetime) -> None:
    """Raises ValidationError on `valid_from`."""
    if contract.state != Contract.State.ACTIVE:
        raise ValidationError(_("Only a contract in force gets new prices."))
    words = ""
    latest = PlanVersion.objects.filter(contract=contract).order_by("-valid_from").first()
    if valid_from <= local_date(now, contract.time_zone):
        words = _("New prices begin after today, so that the customer can accept them before.")
    elif contract.ends_on is not None and valid_from >= contract.ends_on:
        words = _("The contract ends before that day.")
    elif latest is not None and valid_from <= latest.valid_from:
        day = date_format(latest.valid_from, "DATE_FORMAT")
        words = _("A later version is agreed from %(day)s on already.") % {"day": day}
    elif not starts_a_period(contract, valid_from):
        days = [next_period_start(contract, valid_from, steps) for steps in (0, 1)]
        shown = [date_format(day, "DATE_FORMAT") for day in days]
        words = _(
            "A billing period begins on %(before)s and on %(after)s; prices change with it."
        ) % {"before": shown[0], "after": shown[1]}
    if words:
        raise ValidationError({"valid_from": [words]})


def _sign(contract: Contract, content: str, now: datetime, actor: Any) -> Signature:
    signature, _made = Signature.objects.get_or_create(
        author=current_company(), contract=contract, content_sha256=content,
        defaults={"parties": both(contract), "signed_by": str(actor)[:200], "signed_at": now},
    )  # fmt: skip
    return signature


def _close(proposal: PlanProposal, state: PlanProposal.State) -> None:
    proposal.state = state
    proposal.save(update_fields=["state"])


def _note(action: str, proposal: PlanProposal, now: datetime, actor: Any) -> None:
    contract = proposal.contract
    other = [key for key in both(contract) if key != current_company().pk]
    record(
        action=action, subject=contract.public_id, now=now, actor=actor, also=other,
        details={"valid_from": proposal.valid_from.isoformat(),
                 "content": proposal.content_sha256},
    )  # fmt: skip
