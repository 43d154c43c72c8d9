"""Documents: an e-invoice's XML with its validation, and its PDF, one after the other."""

from collections.abc import Callable, Sequence
from contextlib import closing

from apps.billing.domain.einvoice.cii import write_cii
from apps.billing.domain.einvoice.document import Document
from apps.billing.models import Invoice
from apps.billing.operations.documents import render_pdf
from apps.billing.operations.validating import validate_xml
from apps.billing.queries.composing import document_of_invoice, ways_to_pay
from apps.tenancy.context import company_context
from tests.bench import people, scene
from tests.bench.contracts import make_contracts
from tests.bench.figures import LESS, Aim, Findings
from tests.bench.profile import profile_of
from tests.bench.settlement import issue_all
from tests.bench.stage import Stage, own_peak, timed

INVOICES = 60


def run(stage: Stage) -> Findings:
    """Milliseconds a document, each figure the mean of a round over different documents."""
    findings = Findings("Documents")
    with closing(stage.owner()) as owner:
        provider, customer = scene.party(owner, "provider"), scene.party(owner, "customer")
        make_contracts(owner, provider, customer, INVOICES, stage.now)
        with company_context(people.company_of(provider)):
            invoices = list(Invoice.objects.filter(id__in=issue_all(stage)))
            ways = ways_to_pay()
            measure(stage, findings, [document_of_invoice(one, ways=ways) for one in invoices])
    return findings


def measure(stage: Stage, findings: Findings, documents: Sequence[Document]) -> None:
    rounds = 3 if stage.quick else 5
    first = timed(lambda: judged(documents[0])), timed(lambda: render_pdf(documents[0]))
    aims = {"xml": Aim(25, 18, LESS), "pdf": Aim(150, 60, LESS)}
    add = findings.add
    add("E-invoice: XML written and validated by schema and schematron",
        each(documents, rounds, judged), "ms", aim=aims["xml"])  # fmt: skip
    add("… the process's first, its judge and rules loaded", 1000 * first[0], "ms")
    add("PDF/A-3 with the XML in it", each(documents, rounds, printed), "ms", aim=aims["pdf"])
    add("… the process's first, fonts and styles loaded", 1000 * first[1], "ms")
    add("Memory of a process that renders, without the judge's", own_peak(), "MiB")
    findings.profiles["One PDF, in one process"] = profile_of(lambda: printed(documents[0]), 10)


def judged(document: Document) -> None:
    if any(item.is_error for item in validate_xml(write_cii(document))):
        raise RuntimeError(f"{document.number} breaks a rule")


def printed(document: Document) -> None:
    render_pdf(document, write_cii(document))


def each(
    documents: Sequence[Document], rounds: int, work: Callable[[Document], None]
) -> list[float]:
    """Milliseconds a document, round by round."""
    number = len(documents) // rounds
    parts = [documents[place * number : (place + 1) * number] for place in range(rounds)]
    return [1000 * timed(lambda part=part: [work(one) for one in part]) / number for part in parts]
