"""Plans without an order at the provider: by agreement with the operator, and as a trial."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.operations import record
from apps.subscriptions.domain.standing import Basis
from apps.subscriptions.models import Plan, Sponsorship, Subscription
from apps.subscriptions.operations.closing_page import close_page
from apps.subscriptions.operations.sponsoring import end_sponsorship
from apps.tenancy.context import current_company
from apps.tenancy.models import Company


def locked_subscription() -> Subscription | None:
    """The current company's row, held until the transaction ends."""
    rows = Subscription.objects.filter(author=current_company()).select_for_update(of=("self",))
    found: Subscription | None = rows.first()
    return found


@transaction.atomic
def agree_plan(*, plan: Plan, now: datetime, actor: Any = None) -> Subscription:
    """The current company has this plan by agreement, without an order here. Twice is once.

    Raises ValidationError while one ordered at the provider runs: it is ended there first.
    """
    found = locked_subscription()
    if found is not None and _is_agreed(found, plan):
        return found
    _must_be_free(found)
    return _given(plan, Basis.AGREEMENT, None, now, actor)


@transaction.atomic
def give_agreement(*, company: Company, plan: Plan, now: datetime) -> None:
    """As the platform, at its people's word: what `agree_plan` does, which they note in both audits.

    Raises ValidationError while an ordered plan runs, and where this one is agreed already.
    """
    found = _locked_of(company)
    if found is not None and _is_agreed(found, plan):
        raise ValidationError(_("The company has this plan by agreement already."))
    _must_be_free(found)
    _write(company, plan, Basis.AGREEMENT, None, now)
    Sponsorship.all_parties.filter(author=company, ended_at=None).update(ended_at=now)


@transaction.atomic
def end_agreement(*, company: Company, now: datetime) -> Plan:
    """As the platform: the company is a participant from now on, unless it orders. Returns what was agreed.

    Raises ValidationError where nothing is agreed.
    """
    found = _locked_of(company)
    if found is None or found.basis != Basis.AGREEMENT:
        raise ValidationError(_("The company has no plan by agreement."))
    found.basis, found.since, found.warned = Basis.NONE, now, []
    found.save(update_fields=["basis", "since", "warned"])
    return found.plan


def _locked_of(company: Company) -> Subscription | None:
    rows = Subscription.all_parties.filter(author=company).select_related("plan")
    found: Subscription | None = rows.select_for_update(of=("self",)).first()
    return found


def _is_agreed(found: Subscription, plan: Plan) -> bool:
    return found.basis == Basis.AGREEMENT and found.plan_id == plan.pk


def _must_be_free(found: Subscription | None) -> None:
    if found is not None and found.basis == Basis.PROVIDER and found.status not in ENDED:
        raise ValidationError(_("End the ordered plan first."))


# At the provider these go no further.
ENDED = frozenset({"", "canceled", "incomplete_expired"})


@transaction.atomic
def start_trial(*, plan: Plan, now: datetime, actor: Any = None) -> Subscription:
    """Try a plan once, without giving a card. Raises ValidationError for a second trial, or after any plan.

    A page of an order that was begun and left is closed at the provider; one that was completed is an order.
    """
    if not plan.trial_days:
        raise ValidationError(_("This plan has no trial."))
    found = locked_subscription()
    if found is not None and (found.had_plan or not close_page(found.checkout_ref)):
        raise ValidationError(_("Your company has had a plan already; a trial is for new ones."))
    return _given(plan, Basis.TRIAL, now + timedelta(days=plan.trial_days), now, actor)


def _given(
    plan: Plan, basis: Basis, until: datetime | None, now: datetime, actor: Any
) -> Subscription:
    made = _write(current_company(), plan, basis, until, now)
    end_sponsorship(now=now)
    record(
        action=f"subscriptions.{basis}", subject=made.public_id, now=now, actor=actor,
        details={"plan": plan.pk},
    )  # fmt: skip
    return made


def _write(
    company: Company, plan: Plan, basis: Basis, until: datetime | None, now: datetime
) -> Subscription:
    made: Subscription
    made, _is_new = Subscription.all_parties.update_or_create(
        author=company,
        defaults={
            "parties": [company.pk], "plan": plan, "basis": basis, "since": now, "trial_until": until,
            "status": "", "standing": "good", "unpaid_since": None, "reminders": 0,
        },
    )  # fmt: skip
    return made
