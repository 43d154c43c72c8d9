"""How often a key may send: a bucket of requests per key, in this process."""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

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


def forget_limits() -> None:
    """Fill every bucket again (tests)."""
    _buckets.clear()
