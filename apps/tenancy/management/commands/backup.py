"""`manage.py backup FILE`: the whole database in one file, as of one instant."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.tenancy.dumps import DumpError, contents, dump, schemas_in


class Command(BaseCommand):
    """Write an archive of pg_dump and look into it; exit 1 with the reason."""

    help = "Back the whole database up into one file. Needs the operations login."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        try:
            size = dump(path)
            companies = len(schemas_in(contents(path).entries))
        except (DumpError, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{path}: {size:,} bytes, {companies} companies.")
