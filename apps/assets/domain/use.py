"""Who knows that an asset is in use, whatever is said of it: the apps above register here."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

# Of these assets of the current company, those that were in use at some time from the instant on.
Look = Callable[[set[UUID], datetime], set[UUID]]
_looks: list[Look] = []


def knows_use(look: Look) -> Look:
    """Register who looks for running contracts and the like."""
    if look not in _looks:
        _looks.append(look)
    return look


def used_since(assets: set[UUID], since: datetime) -> set[UUID]:
    """Which of these the current company uses still, as far as anybody knows."""
    return {found for look in _looks for found in look(assets, since)} if assets else set()
