"""When a message that was not taken is sent again, and when an endpoint is given up."""

from datetime import datetime, timedelta

# After the first try; about two and a half days in all. The message's id never changes.
BACK_OFF = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=24),
)
# An endpoint that took nothing for so long is paused.
PATIENCE = timedelta(days=5)
# Both secrets sign for so long after a change.
OVERLAP = timedelta(hours=24)
# What is settled is kept for so long.
KEPT = timedelta(days=90)


def next_try(tries: int, now: datetime) -> datetime | None:
    """When the try after the `tries`-th is made; None when that was the last."""
    return now + BACK_OFF[tries - 1] if tries <= len(BACK_OFF) else None


def is_out_of_patience(failing_since: datetime | None, now: datetime) -> bool:
    return failing_since is not None and now - failing_since >= PATIENCE
