"""Whether an XML is a right e-invoice, by schema and schematron of EN 16931."""

from apps.billing.domain.einvoice.findings import Examined, Finding
from apps.billing.judging.process import judge


def validate_xml(content: bytes) -> tuple[Finding, ...]:
    """Broken rules of a CII or UBL document; none when it is right. Never raises over its content.

    The root says which syntax and profile it is. A warm judge takes about 20 ms, its first
    document about a second; a document is stopped after 20 s, and that is a finding too.
    """
    return judge.findings(content)


def examine_file(content: bytes) -> Examined:
    """The XML of a file that was received, be it one or a PDF with one inside, and its findings."""
    return judge.examine(content)
