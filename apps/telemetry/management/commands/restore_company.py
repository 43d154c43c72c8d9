"""`manage.py restore_company --company C --from FILE`: what a backup has that the company lacks."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.telemetry.operations.restoring import Restored, restore_company
from apps.tenancy.context import company_context, no_company
from apps.tenancy.dumps import DumpError
from apps.tenancy.queries import company_by_slug

COLUMNS = (
    "in_backup",
    "missing",
    "changed",
    "extra",
    "withdrawn",
    "past_term",
    "derived",
    "inserted",
)


class Command(BaseCommand):
    """Shows the difference; inserts only with --apply. Exit 1 with the reason."""

    help = (
        "Load one company's schema from a backup beside the live one, show the difference, and with --apply "
        "insert what is missing. Nothing that stands is changed. Needs the operations login."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", required=True, metavar="C", help="the company's address")
        parser.add_argument("--from", required=True, type=Path, dest="backup", metavar="FILE")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--dry-run", action="store_true", help="only show (as without --apply)")
        how.add_argument("--apply", action="store_true", help="insert what is missing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        with no_company():
            company = company_by_slug(options["company"])
        if company is None:
            raise CommandError(f"There is no company at the address {options['company']!r}.")
        try:
            with company_context(company):
                restored = restore_company(
                    path=options["backup"], apply=options["apply"], now=timezone.now()
                )
        except DumpError as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(restored.to_dict(), ensure_ascii=False, default=str))
        else:
            self.stdout.write("\n".join(_lines(restored)))


def _lines(restored: Restored) -> Iterator[str]:
    yield f"{restored.company}, backup of {restored.made_at}"
    yield f"{'':28}" + "".join(f"{name.replace('_', ' '):>12}" for name in COLUMNS)
    said = restored.to_dict()
    for row in said["tables"]:
        yield f"{row['table']:28}" + "".join(f"{row[name]:>12,}" for name in COLUMNS)
        for pair in row["changed_rows"]:
            yield f"    changed, in the backup: {json.dumps(pair['backup'], default=str)}"
            yield f"                      live: {json.dumps(pair['live'], default=str)}"
    if restored.applied:
        yield f"{said['inserted']:,} rows inserted, {restored.days:,} days of channels to be worked in again."
    else:
        yield "Nothing was written; --apply inserts what is missing."
