"""What this app publishes besides `telemetry.rolled_up`."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class ReadingsRefused:
    """Items came in during the last day that were refused and that nobody has decided on."""

    count: int
    name: ClassVar[str] = "telemetry.readings_refused"

    @property
    def payload(self) -> dict[str, Any]:
        return {"count": self.count}
