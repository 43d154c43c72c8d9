"""What a check of an e-invoice found: one broken rule at one place."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error makes the document wrong; a warning is for the reader to weigh."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` as its norm names it (BR-CO-15), `place` the path in the XML, `text` the rule's own words."""

    rule: str
    severity: Severity
    place: str = ""
    text: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity == Severity.ERROR


# Rules of our own, before and around those of the norm.
NO_XML = "XML-FORM"
DOCTYPE = "XML-DOCTYPE"
TOO_LARGE = "XML-SIZE"
OTHER_ROOT = "XML-ROOT"
SCHEMA = "XSD"
STOPPED = "XML-TIME"
NOT_JUDGED = "XML-CHECK"


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.is_error for finding in findings)
