"""Bring a backup into an empty database and an empty file folder."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.tenancy.backup import BackupError, restore_backup


class Command(BaseCommand):
    help = (
        "Restore a backup into a provisioned but empty database (PERUSE_DATABASE or the one "
        "configured) and an empty PERUSE_FILES. Needs the operations login."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = restore_backup(folder=options["folder"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Restored {manifest['companies']} companies as of {manifest['made_at']}. "
            "Next: migrate_schemas, check_invariants; only then start workers."
        )
