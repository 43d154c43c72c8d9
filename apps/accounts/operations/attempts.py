"""Tries of secrets are slowed down, never locked out.

A bucket per subject: so many tries at once, then one each so many seconds. One statement takes a
try or refuses it, so of any number at the same time no more get through than the bucket holds.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from apps.accounts.models import Attempt

_TAKE = """
    insert into accounts_attempt as a (key, free_at) values (%(key)s, %(now)s + make_interval(secs => %(each)s))
    on conflict (key) do update set free_at = greatest(a.free_at, %(now)s) + make_interval(secs => %(each)s)
    where greatest(a.free_at, %(now)s) + make_interval(secs => %(each)s) <= %(now)s + make_interval(secs => %(most)s)
    returning free_at
"""
_GIVE_BACK = "update accounts_attempt set free_at = free_at - make_interval(secs => %(each)s) where key = %(key)s"
# What is full again says nothing; a few go with each try.
_FORGET = """
    delete from accounts_attempt where key in (
        select key from accounts_attempt where free_at < %s limit 10 for update skip locked)
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` tries at once, and one more each `seconds`."""

    burst: int
    seconds: float

    @property
    def each(self) -> timedelta:
        return timedelta(seconds=self.seconds)


def take_attempt(*, kind: str, subject: str, rate: Rate, now: datetime) -> timedelta | None:
    """Take one try; None when it may be made, else how long to wait for the next.

    Commit before the secret is looked at, or a request that fails would not have tried.
    """
    key = _key(kind, subject)
    values: dict[str, str | datetime | float] = {
        "key": key, "now": now, "each": rate.seconds, "most": rate.seconds * rate.burst,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [now])
        cursor.execute(_TAKE, values)
        if cursor.fetchone() is not None:
            return None
    free_at = Attempt.objects.filter(pk=key).values_list("free_at", flat=True).first() or now
    return max(free_at + rate.each * (1 - rate.burst) - now, timedelta(seconds=1))


def give_attempt_back(*, kind: str, subject: str, rate: Rate) -> None:
    """What was right does not count as a try."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, {"key": _key(kind, subject), "each": rate.seconds})


def _key(kind: str, subject: str) -> str:
    return hashlib.sha256(f"{kind}\n{subject}".encode()).hexdigest()
