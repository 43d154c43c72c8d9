"""Back up the whole: database and files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.tenancy.backup import BackupError, make_backup


class Command(BaseCommand):
    help = "Write a backup of database and files into a new folder. Needs the operations login."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder that does not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = make_backup(folder=options["folder"], now=timezone.now())
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['folder']}: {manifest['companies']} companies")
