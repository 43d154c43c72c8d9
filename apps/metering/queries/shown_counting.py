"""What was counted under rules as a page, a program or a file shows it."""

from typing import Any

from apps.common.quantity import canonical
from apps.contracts.wording.counting import counting_words
from apps.metering.domain.figures import UsageFigures


def shown_counting(figures: UsageFigures) -> dict[str, Any] | None:
    """The rules in words, and what came of them; None of what simply counts.

    Decimals as text, instants as datetimes.
    """
    found = figures.counting
    if found is None:
        return None
    return {
        "words": counting_words(found.rules, figures.unit),
        "conditional": bool(found.rules.conditions), "gross": canonical(found.gross),
        "unknown": canonical(found.unknown) if found.unknown else "",
        "opened": None if found.opened is None else canonical(found.opened),
        "estimated": canonical(found.estimated),
        "estimates": [
            {"start": item.start, "end": item.end, "quantity": canonical(item.quantity)}
            for item in found.estimates
        ],
        "awaits": found.awaits,
        "sources": [(item.channel, item.figures.reading_count) for item in figures.sources],
    }  # fmt: skip
