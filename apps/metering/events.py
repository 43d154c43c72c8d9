"""What this app publishes. Payloads carry keys."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class MeteringWanted:
    """A provider needs the usage of these periods from the company that collects."""

    name: ClassVar[str] = "metering.wanted"
    periods: tuple[tuple[UUID, UUID, str, str], ...]

    @property
    def payload(self) -> dict[str, Any]:
        """Each period: its key, its contract, its start and end as RFC 3339."""
        return {
            "periods": [
                {"period": str(period), "contract": str(contract), "start": start, "end": end}
                for period, contract, start, end in self.periods
            ]
        }


@dataclass(frozen=True, slots=True)
class MeteringRecorded:
    """The usage of these periods is recorded; for the provider."""

    name: ClassVar[str] = "metering.recorded"
    contracts: tuple[UUID, ...]
    periods: tuple[UUID, ...]

    @property
    def payload(self) -> dict[str, Any]:
        return {
            "contracts": [str(key) for key in self.contracts],
            "periods": [str(key) for key in self.periods],
        }


@dataclass(frozen=True, slots=True)
class MeteringReadable:
    """What a collector could not record of these contracts it may be able to now; for the provider."""

    name: ClassVar[str] = "metering.readable"
    contracts: tuple[UUID, ...]

    @property
    def payload(self) -> dict[str, Any]:
        return {"contracts": [str(key) for key in self.contracts]}


@dataclass(frozen=True, slots=True)
class MeteringRefused:
    """The collector wrote no usage for these contracts, and why; for the provider."""

    name: ClassVar[str] = "metering.refused"
    contracts: tuple[tuple[UUID, UUID, str, dict[str, str]], ...]

    @property
    def payload(self) -> dict[str, Any]:
        """Each contract: its key, its period's, the reason's code and the code's parameters."""
        return {
            "contracts": [
                {"contract": str(key), "period": str(period), "reason": reason, "params": params}
                for key, period, reason, params in self.contracts
            ]
        }


@dataclass(frozen=True, slots=True)
class MeteringCorrected:
    """Usage that was recorded once is another now; for the provider.

    `unchanged`: periods that were measured again and say the same. One that could not be measured for
    a while can be again.
    """

    name: ClassVar[str] = "metering.corrected"
    periods: tuple[tuple[UUID, str, dict[str, str]], ...]
    unchanged: tuple[UUID, ...] = ()

    @property
    def payload(self) -> dict[str, Any]:
        """Each billed period: its key; where it cannot be measured any more, why not."""
        return {
            "periods": [
                {"period": str(key), "reason": reason, "params": params}
                for key, reason, params in self.periods
            ],
            "unchanged": [str(key) for key in self.unchanged],
        }


@dataclass(frozen=True, slots=True)
class ReadingDeclared:
    """A customer declared readings of a counter; for the provider."""

    name: ClassVar[str] = "metering.reading_declared"
    readings: tuple[UUID, ...]

    @property
    def payload(self) -> dict[str, Any]:
        return {"readings": [str(key) for key in self.readings]}


@dataclass(frozen=True, slots=True)
class ReadingPassedOn:
    """What a customer declared, from the provider to the company that collects."""

    name: ClassVar[str] = "metering.reading_passed_on"
    item: UUID
    value: str
    read_at: str
    generation: int
    reason: str
    said_by: str

    @property
    def payload(self) -> dict[str, Any]:
        """The value as text, the instant as RFC 3339."""
        return {
            "item": str(self.item), "value": self.value, "read_at": self.read_at,
            "generation": self.generation, "reason": self.reason, "said_by": self.said_by,
        }  # fmt: skip
