"""What a derived channel's readings of a span were made by, as its usage record states it."""

from apps.common.quantity import canonical
from apps.metering.domain.figures import Definition
from apps.telemetry.queries.derived import definitions_within
from apps.telemetry.queries.usage import Span


def definitions_of(span: Span) -> tuple[Definition, ...]:
    """The versions in force within the span, the oldest first; none of a sent channel."""
    return tuple(
        Definition(
            item.text, item.definition.inputs, canonical(item.step),
            int(item.hold.total_seconds()), item.since.isoformat() if item.since else None,
        )
        for item in definitions_within(span.channel, span.start, span.end)
    )  # fmt: skip
