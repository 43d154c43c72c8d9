"""`manage.py restore FILE`: a backup into a new, provisioned, empty database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.tenancy.dumps import DumpError, restore


class Command(BaseCommand):
    """All of it or nothing; exit 1 with the reason."""

    help = "Restore a backup into an empty database. Needs the operations login."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            restored = restore(options["file"])
        except DumpError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Restored {restored:,} things from {options['file']}.")
