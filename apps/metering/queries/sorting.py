"""What the items of many orders used: read from channels of their own, or shared by their hosts."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from apps.metering.queries.answers import NotMetered
from apps.metering.queries.components import measure_components
from apps.metering.queries.measuring import (
    Asked,
    Measurement,
    Used,
    channel_quantities,
    measure_channels,
    used_of,
)

Found = TypeVar("Found")


def measure(
    asked: Sequence[Asked], *, evidence: bool = True, may_be_empty: bool = False
) -> list[Measurement | NotMetered]:
    """Figures of each, in order; a few queries, and of components one for each host's readings.

    Without evidence: no gaps and no digest. `may_be_empty`: what was never read used nothing so
    far, instead of being refused.
    """
    return _sorted(
        asked,
        lambda own: measure_channels(own, evidence=evidence, may_be_empty=may_be_empty),
        lambda parts: measure_components(parts, evidence=evidence, may_be_empty=may_be_empty),
    )


def measure_quantities(asked: Sequence[Asked]) -> list[Used | NotMetered]:
    """The quantity of each alone, in order: the same as `measure` gives, for a part of its cost."""
    return _sorted(asked, channel_quantities, _component_quantities)


def _component_quantities(asked: Sequence[Asked]) -> list[Used | NotMetered]:
    return [used_of(item) for item in measure_components(asked, evidence=False)]


def _sorted(
    asked: Sequence[Asked],
    of_channels: Callable[[Sequence[Asked]], Sequence[Found]],
    of_components: Callable[[Sequence[Asked]], Sequence[Found]],
) -> list[Found]:
    own = [place for place, ask in enumerate(asked) if not ask.order.follows_host]
    parts = [place for place, ask in enumerate(asked) if ask.order.follows_host]
    found: dict[int, Found] = {}
    for places, answer in ((own, of_channels), (parts, of_components)):
        if places:
            chosen = [asked[place] for place in places]
            found |= dict(zip(places, answer(chosen), strict=True))
    return [found[place] for place in range(len(asked))]
