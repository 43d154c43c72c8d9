"""`verify_certificate FILE`: whether a certificate of erasure is whole, and of this installation."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.subscriptions.operations.certifying import Verdict, verdict_on
from apps.tenancy.context import as_platform, no_company


class Command(BaseCommand):
    help = "Say whether the signed file of a certificate is whole and was signed here. Needs the operations login."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told = json.loads(options["file"].read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from None
        if not isinstance(told, dict):
            raise CommandError(f"{options['file']} is no certificate.")
        with no_company(), as_platform():
            verdict = verdict_on(told)
        if verdict in (Verdict.UNKNOWN, Verdict.CHANGED):
            raise CommandError(verdict.value)
        self.stdout.write(verdict.value)
