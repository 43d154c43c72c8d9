"""`operator_chain verify` looks whether the chain of the operator's acts holds; `accept` takes it as it is."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.console.operations.sealing import accept_acts, verify_acts
from apps.tenancy.context import as_platform, no_company


class Command(BaseCommand):
    help = (
        "The chain of the operator's acts: `verify` fails when it is broken; `accept` keeps its head as it "
        "stands, after a restore. Needs the operations login."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["verify", "accept"])

    def handle(self, *args: Any, **options: Any) -> None:
        with no_company(), as_platform():
            if options["act"] == "accept":
                head = accept_acts()
                self.stdout.write(f"Seal {head.number} is the head." if head else "No seal.")
                return
            faults = verify_acts(now=timezone.now())
        for fault in faults:
            self.stdout.write(fault)
        if faults:
            raise CommandError("The chain is broken.")
        self.stdout.write("The chain holds.")
