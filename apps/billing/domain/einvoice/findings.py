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
NO_VALUE = "XML-VALUE"
NO_PDF = "PDF-FORM"
NO_XML_IN_PDF = "PDF-XML"
SCHEMA = "XSD"
STOPPED = "XML-TIME"
NOT_JUDGED = "XML-CHECK"
# What keeps a file from being read as an e-invoice at all.
OWN_RULES = frozenset(
    {NO_XML, DOCTYPE, TOO_LARGE, OTHER_ROOT, NO_VALUE, NO_PDF, NO_XML_IN_PDF, STOPPED, NOT_JUDGED}
)


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.is_error for finding in findings)


@dataclass(frozen=True, slots=True)
class Examined:
    """What is in a file: its XML, empty where there is none to be had, and what the rules say."""

    xml: bytes
    findings: tuple[Finding, ...]
