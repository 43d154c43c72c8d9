"""Write an invoice's signed evidence file: `export_evidence INV FILE --company C`."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps.billing.management.base import CompanyCommand, invoice_named
from apps.billing.models import Invoice
from apps.billing.operations import export_evidence
from apps.billing.queries.evidence import evidence_file
from apps.tenancy.context import company_context


class Command(CompanyCommand):
    help = "Write the signed evidence file of an issued invoice."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("invoice", metavar="INV", help="number or id of the invoice")
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, **options: Any) -> None:
        with company_context(self.company_of(options)):
            invoice = invoice_named(options["invoice"])
            if invoice.state != Invoice.State.ISSUED:
                raise CommandError("Only an issued invoice has evidence.")
            content = self._content(invoice)
            found = evidence_file(invoice)
        _write(options["file"], content)
        assert found is not None
        answer = {
            "invoice": invoice.public_id, "number": invoice.number, "file": str(options["file"]),
            "bytes": len(content), "sha256": found.sha256, "public_key": found.public_key,
        }  # fmt: skip
        text = f"{options['file']}: {len(content)} bytes, public key {found.public_key}"
        self.show(answer, text, options)

    def _content(self, invoice: Invoice) -> bytes:
        try:
            return export_evidence(
                invoice=invoice, now=timezone.now(), reader="manage.py export_evidence"
            )
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from None


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as problem:
        raise CommandError(f"{file} cannot be written: {problem.strerror}") from None
