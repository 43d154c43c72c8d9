"""Open an invoice to its arithmetic and usage: `explain INV --company C`."""

from typing import Any

from django.core.management.base import CommandParser

from apps.billing.management.base import CompanyCommand, invoice_named
from apps.billing.models import Invoice
from apps.billing.queries.explaining import explain_line
from apps.common.money import Money
from apps.tenancy.context import company_context


class Command(CompanyCommand):
    help = "Explain every line of an invoice: plan, arithmetic, usage record, readings' digest."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("invoice", metavar="INV", help="number or id of the invoice")

    def handle(self, **options: Any) -> None:
        with company_context(self.company_of(options)):
            invoice = invoice_named(options["invoice"])
            lines = [
                explain_line(line, options["language"])
                for line in invoice.lines.select_related("invoice").order_by("position")
            ]
            answer = {**_head(invoice), "lines": lines}
        self.show(answer, _text(answer), options)


def _head(invoice: Invoice) -> dict[str, Any]:
    return {
        "invoice": invoice.public_id, "number": invoice.number, "kind": invoice.kind,
        "state": invoice.state,
        "net": str(Money(invoice.net_minor, invoice.currency)),
        "tax": str(Money(invoice.tax_minor, invoice.currency)),
        "gross": str(Money(invoice.gross_minor, invoice.currency)),
    }  # fmt: skip


def _text(answer: dict[str, Any]) -> str:
    rows = [f"{answer['number'] or 'draft'} {answer['invoice']}  total {answer['gross']}"]
    for line in answer["lines"]:
        title = next(iter(line["title"].values()))
        rows.append(f"\n{line['position']}. {title} {line['asset']}  {line['net']}")
        rows += [f"   {words}" for words in line["plan"]["words"]]
        rows += [f"   - {step}" for step in line["arithmetic"]]
        if line["correction"]:
            rows.append(f"   - {line['correction']['words']} ({line['correction']['corrects']})")
        rows += [f"   = {_usage(usage)}" for usage in line["usage"]]
    return "\n".join(rows)


def _usage(usage: dict[str, Any]) -> str:
    text = f"{usage['asset']} {usage['channel']}: {usage['quantity']} {usage['unit']}"
    if usage["opening"] and usage["closing"]:
        text += f" = {usage['closing']['value']} − {usage['opening']['value']}"
    for part in usage["parts"]:
        text += f"; {part['quantity']} on {part['host']} {part['position']}"
    for jump in usage["corrections"]:
        text += f" + {jump['amount']} ({jump['words']}, {jump['measured_at']})"
    return f"{text}; {usage['reading_count']} readings, sha256 {usage['readings_sha256'][:16]}…"
