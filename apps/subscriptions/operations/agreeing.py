"""Plans without an order at the provider: by agreement with the operator, and as a trial."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.operations import record
from apps.subscriptions.domain.standing import Basis
from apps.subscriptions.models import Plan, Subscription
from apps.subscriptions.operations.closing_page import close_page
from apps.subscriptions.operations.sponsoring import end_sponsorship
from apps.tenancy.context import current_company


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
    if found is not None and found.basis == Basis.AGREEMENT and found.plan_id == plan.pk:
        return found
    if found is not None and found.basis == Basis.PROVIDER and found.status not in ENDED:
        raise ValidationError(_("End the ordered plan first."))
    return _given(plan, Basis.AGREEMENT, None, now, actor)


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
    own = current_company()
    made: Subscription
    made, _is_new = Subscription.objects.update_or_create(
        author=own,
        defaults={
            "parties": [own.pk], "plan": plan, "basis": basis, "since": now, "trial_until": until,
            "status": "", "standing": "good", "unpaid_since": None, "reminders": 0,
        },
    )  # fmt: skip
    end_sponsorship(now=now)
    record(
        action=f"subscriptions.{basis}", subject=made.public_id, now=now, actor=actor,
        details={"plan": plan.pk},
    )  # fmt: skip
    return made
