"""Where a component's usage comes from: mountings, through hosts of hosts, as stays on counters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.common.quantity import multiply
from apps.metering.domain.parts import Condition, Stay

# Deeper than any coupling; a circle that nobody could see ends here too.
DEEPEST_NESTING = 8


@dataclass(frozen=True, slots=True)
class Carried:
    """One mounting, as far as usage goes; `runs`: the host has the channel that is followed."""

    component: str
    host: str
    host_label: str
    position: str
    start: datetime
    end: datetime | None
    factor: Decimal = Decimal(1)
    condition: Condition | None = None
    runs: bool = True


def stays_of(component: str, mountings: Iterable[Carried]) -> list[Stay]:
    """The stays of a component in order. A host without the channel passes on what carries it.

    The position shown is the component's own; factors multiply and conditions add up on the way.
    """
    by_component: dict[str, list[Carried]] = {}
    for row in mountings:
        by_component.setdefault(row.component, []).append(row)
    found = _followed(component, None, by_component)
    return sorted(found, key=lambda stay: stay.start)


def _followed(
    component: str, within: Stay | None, rows: Mapping[str, Sequence[Carried]], depth: int = 0
) -> list[Stay]:
    found: list[Stay] = []
    for row in rows.get(component, ()) if depth < DEEPEST_NESTING else ():
        stay = _stay(row, within)
        if stay is None:
            continue
        if row.runs:
            found.append(stay)
        else:
            found += _followed(row.host, stay, rows, depth + 1)
    return found


def _stay(row: Carried, within: Stay | None) -> Stay | None:
    conditions = () if row.condition is None else (row.condition,)
    if within is None:
        return Stay(
            row.host, row.host_label, row.position, row.start, row.end, row.factor, (), conditions
        )
    start = max(row.start, within.start)
    ends = [end for end in (row.end, within.end) if end is not None]
    end = min(ends) if ends else None
    if end is not None and start >= end:
        return None
    return Stay(
        row.host, row.host_label, within.position, start, end,
        multiply(within.factor, row.factor), (*within.via, within.host_label),
        (*within.conditions, *conditions),
    )  # fmt: skip
