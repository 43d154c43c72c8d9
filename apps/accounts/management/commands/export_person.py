"""`export_person EMAIL`: everything stored of a person, as JSON."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.personal import own_rows, stored_of
from apps.accounts.queries import person_by_email
from apps.tenancy.context import as_platform, company_context, no_company
from apps.tenancy.queries import active_companies


class Command(BaseCommand):
    help = "Write what is stored of a person as JSON. Needs the operations login."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--file", type=Path, help="where to; standard output by default")

    def handle(self, *args: Any, **options: Any) -> None:
        person = person_by_email(options["email"])
        if person is None:
            raise CommandError(f"There is no person with the address {options['email']}.")
        with no_company(), as_platform():
            said: dict[str, Any] = {"shared": stored_of(person), "companies": {}}
            companies = list(active_companies())
        for company in companies:
            with company_context(company):
                rows = own_rows(person)
            if rows:
                said["companies"][company.slug] = rows
        text = json.dumps(said, ensure_ascii=False, indent=1, default=str)
        if options["file"] is None:
            sys.stdout.write(text + "\n")
        else:
            options["file"].write_text(text, encoding="utf-8")
