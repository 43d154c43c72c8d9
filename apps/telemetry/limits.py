"""How often a key may send, a bucket of requests per key; and what a company's plan stores a month."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.telemetry.queries.received import is_month_full_now

MOST_KEYS = 10_000


@dataclass(slots=True)
class Bucket:
    """Tokens left at a moment of the monotonic clock."""

    tokens: float
    at: float


_buckets: dict[Any, Bucket] = {}


def rate_per_second() -> float:
    """Requests a second one key may send for long; four times as many at once."""
    return float(settings.PERUSE_REQUESTS_PER_SECOND)


def seconds_to_wait(key: Any, clock: float | None = None) -> int:
    """0 when the request may pass (and is counted), else whole seconds to wait."""
    present = time.monotonic() if clock is None else clock
    rate = rate_per_second()
    bucket = _buckets.get(key)
    if bucket is None:
        if len(_buckets) > MOST_KEYS:
            _buckets.clear()
        bucket = _buckets[key] = Bucket(4 * rate, present)
    bucket.tokens = min(4 * rate, bucket.tokens + (present - bucket.at) * rate)
    bucket.at = present
    if bucket.tokens < 1:
        return max(1, round((1 - bucket.tokens) / rate))
    bucket.tokens -= 1
    return 0


# Seconds this process remembers whether a company's month is full, and those a sender waits then.
FULL_SECONDS = 60.0
WAIT_WHEN_FULL = 3600
_full: dict[Any, tuple[float, bool]] = {}


def is_month_full(company: Any, now: datetime) -> bool:
    """Whether the current company's plan stores no more readings this month.

    Nothing is taken then and nothing thrown away: who sends keeps it and sends it again.
    """
    known = _full.get(company)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    full = is_month_full_now(now)
    if len(_full) > MOST_KEYS:
        _full.clear()
    _full[company] = (time.monotonic() + FULL_SECONDS, full)
    return full


def forget_limits() -> None:
    """Fill every bucket again (tests)."""
    _buckets.clear()
    _full.clear()
