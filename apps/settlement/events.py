"""What this app publishes. Payloads carry keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StatementsIssued:
    """Statements of a partner's shares; for the partner."""

    statements: Sequence[UUID]
    name: ClassVar[str] = "settlement.statements_issued"

    @property
    def payload(self) -> dict[str, Any]:
        return {"statements": [str(key) for key in self.statements]}


@dataclass(frozen=True, slots=True)
class StatementObjected:
    """A partner says no to a self-billed document; for the provider."""

    statement: UUID
    name: ClassVar[str] = "settlement.objected"

    @property
    def payload(self) -> dict[str, Any]:
        return {"statement": str(self.statement)}


class ObjectionAnswered(StatementObjected):
    """The provider has answered; for the partner."""

    name: ClassVar[str] = "settlement.objection_answered"
