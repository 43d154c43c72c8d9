"""One company's data of a backup beside its live data: show what differs, bring back what is missing."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.events.operations import record
from apps.telemetry.operations.intake import ring_roll_up
from apps.telemetry.operations.restoring import bring_back_readings
from apps.telemetry.operations.retention import retention_edge
from apps.tenancy.backup import BackupError
from apps.tenancy.beside import Difference, beside, differences
from apps.tenancy.context import company_context, no_company
from apps.tenancy.models import Company
from apps.tenancy.queries import company_by_slug


class Command(BaseCommand):
    help = (
        "Compare a company's own data with a backup's, and with --insert bring back what is "
        "missing. Shared rows (documents, usage records, jobs) stay as they are. Needs the "
        "operations login."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("company", help="address name")
        parser.add_argument("folder", type=Path, help="a backup")
        parser.add_argument("--insert", action="store_true", help="insert what is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        with no_company():
            company = company_by_slug(options["company"])
        if company is None:
            raise CommandError(f"There is no company at the address {options['company']!r}.")
        try:
            self.compare(company, options["folder"], insert=options["insert"])
        except BackupError as error:
            raise CommandError(str(error)) from error

    def compare(self, company: Company, folder: Path, *, insert: bool) -> None:
        """Show the difference; insert where that is wanted."""
        now = timezone.now()
        with company_context(company):
            edge = retention_edge(now)
        with beside(folder=folder, company=company) as pair:
            for row in differences(pair):
                self.stdout.write(_line(row))
            if not insert:
                return
            done = bring_back_readings(pair=pair, edge=edge)
        with company_context(company):
            ring_roll_up(now=now)
            record(action="company.data_restored", details={"rows": done}, now=now)
        for table, number in done.items():
            self.stdout.write(f"inserted {number} into {table}")
        if not done:
            self.stdout.write("Nothing was missing.")


def _line(row: Difference) -> str:
    return (
        f"{row.table}: {row.backed_up} in the backup, {row.live} live; {row.missing} missing, "
        f"{row.changed} changed since, {row.newer} newer"
    )
