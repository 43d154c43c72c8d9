"""What billing's commands share: the company, the invoice, JSON or text."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from apps.billing.models import Invoice
from apps.common.ids import BadId, decode
from apps.tenancy.context import no_company
from apps.tenancy.models import Company
from apps.tenancy.queries import company_by_slug


class CompanyCommand(BaseCommand):
    """A command of one company: `--company ADDRESS`, `--json`, `--language`."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", required=True, metavar="C", help="the company's address")
        add_common(parser)

    def company_of(self, options: dict[str, Any]) -> Company:
        translation.activate(options["language"])
        with no_company():
            company = company_by_slug(options["company"])
        if company is None:
            raise CommandError(f"There is no company at the address {options['company']!r}.")
        return company

    def show(self, answer: dict[str, Any], text: str, options: dict[str, Any]) -> None:
        self.stdout.write(as_json(answer) if options["json"] else text)


def add_common(parser: CommandParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--language", default="en", choices=["en", "de"])


def as_json(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False, indent=1, default=str)


def invoice_named(text: str) -> Invoice:
    """By number or public id, among those the current company sees. Raises CommandError."""
    rows = Invoice.objects.select_related("contract")
    try:
        found = rows.filter(id=decode(Invoice.prefix, text))
    except BadId:
        found = rows.filter(number=text)
    invoices = list(found[:2])
    if not invoices:
        raise CommandError(f"This company sees no invoice {text!r}.")
    if len(invoices) > 1:
        raise CommandError(f"Two issuers have an invoice {text!r}; name it by its id (inv_…).")
    invoice: Invoice = invoices[0]
    return invoice
