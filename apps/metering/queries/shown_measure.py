"""What was measured of a gauge or state as a page, a program or a file shows it."""

from typing import Any

from apps.common.quantity import canonical
from apps.contracts.wording.measures import measure_words
from apps.metering.domain.figures import UsageFigures


def shown_measure(figures: UsageFigures) -> dict[str, Any] | None:
    """The measure in words, and what it rests on; None of anything else.

    Decimals as text, seconds of known time, instants as datetimes.
    """
    found = figures.measure
    if found is None:
        return None
    measure, opening = found.measure, figures.opening
    return {
        "words": measure_words(measure, figures.unit), **measure.to_dict(),
        "estimated": canonical(found.estimated),
        "estimates": [
            {"start": start, "end": end, "seconds": canonical(seconds)}
            for start, end, seconds in found.estimates
        ],
        "awaits": found.awaits, "exact": canonical(found.exact), "known": canonical(found.known), "at": found.at,
        "carried_in": None if opening is None
        else {"measured_at": opening.measured_at, "value": canonical(opening.value)},
    }  # fmt: skip
