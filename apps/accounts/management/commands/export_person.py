"""`export_person EMAIL`: everything stored of a person, as JSON."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.personal import as_json, everything_of
from apps.accounts.queries import person_by_email
from apps.tenancy.context import acting_as


class Command(BaseCommand):
    help = "Write what is stored of a person as JSON. Needs the operations login."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--file", type=Path, help="where to; standard output by default")

    def handle(self, *args: Any, **options: Any) -> None:
        person = person_by_email(options["email"])
        if person is None:
            raise CommandError(f"There is no person with the address {options['email']}.")
        text = as_json(everything_of(person, acting_as))
        if options["file"] is None:
            sys.stdout.write(text + "\n")
        else:
            options["file"].write_text(text, encoding="utf-8")
