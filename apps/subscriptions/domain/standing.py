"""What a company may do, by what is known of its subscription: a pure function of facts and time.

States of the provider: docs.stripe.com/billing/subscriptions/overview (trialing, active, past_due, unpaid,
incomplete, incomplete_expired, canceled, paused).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Days after the first failed payment.
REMINDERS = (timedelta(0), timedelta(days=7), timedelta(days=14))
READ_ONLY_AFTER = timedelta(days=21)
SUSPENDED_AFTER = timedelta(days=60)


class Standing(StrEnum):
    """From all to hardly anything. Intake goes on in each, within its limit."""

    GOOD = "good"
    REMINDED = "reminded"
    READ_ONLY = "read_only"
    SUSPENDED = "suspended"


class Basis(StrEnum):
    """By what right a company has its plan."""

    NONE = "none"
    TRIAL = "trial"
    AGREEMENT = "agreement"
    PROVIDER = "provider"


# With these the plan that was ordered is in force.
IN_FORCE = frozenset({"trialing", "active", "past_due", "unpaid"})
# Of what never began nothing is owed.
NEVER_BEGAN = frozenset({"incomplete", "incomplete_expired"})
# From these nothing more is asked for, unless somebody begins anew.
GOES_NO_FURTHER = frozenset({"canceled", "incomplete_expired", "paused"})
KNOWN = IN_FORCE | {"incomplete", "incomplete_expired", "canceled", "paused"}


@dataclass(frozen=True, slots=True)
class Facts:
    """`unpaid_since`: when the oldest payment that is still missing failed first, of whichever subscription."""

    basis: Basis
    status: str = ""
    trial_until: datetime | None = None
    unpaid_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`has_plan`: whether the plan named in the row is in force; otherwise it is a participant's.

    `reminders`: how many are due by now; `read_only_at`, `suspended_at`: when it gets worse.
    """

    standing: Standing
    has_plan: bool
    reminders: int = 0
    read_only_at: datetime | None = None
    suspended_at: datetime | None = None


def judge(facts: Facts, now: datetime) -> Verdict:
    """What the company may do at this time. A debt stays one, whatever was ordered after it."""
    has_plan = _has_plan(facts, now)
    since = facts.unpaid_since
    if facts.basis != Basis.PROVIDER or since is None:
        return Verdict(Standing.GOOD, has_plan)
    return Verdict(
        _by_dates(now - since),
        has_plan,
        sum(since + after <= now for after in REMINDERS),
        since + READ_ONLY_AFTER,
        since + SUSPENDED_AFTER,
    )


def _has_plan(facts: Facts, now: datetime) -> bool:
    if facts.basis == Basis.TRIAL:
        return facts.trial_until is not None and now < facts.trial_until
    if facts.basis == Basis.PROVIDER:
        return facts.status in IN_FORCE
    return facts.basis == Basis.AGREEMENT


def _by_dates(unpaid: timedelta) -> Standing:
    if unpaid >= SUSPENDED_AFTER:
        return Standing.SUSPENDED
    return Standing.READ_ONLY if unpaid >= READ_ONLY_AFTER else Standing.REMINDED
