"""`reseal_secrets` seals what the installation's former secret keys sealed under the one in force."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.console.operations.resealing import reseal_all
from apps.tenancy.sealing import Standing


class Command(BaseCommand):
    help = (
        "Seal under PERUSE_SECRET_KEY what its fallbacks sealed, and say what no key that is named opens. "
        "Needs the operations login."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = 0
        for name, found in reseal_all(now=timezone.now()).items():
            unknown += found[Standing.UNKNOWN]
            self.stdout.write(
                f"{name}: {found[Standing.FORMER]} sealed anew, {found[Standing.IN_FORCE]} already,"
                f" {found[Standing.UNKNOWN]} that no key opens"
            )
        if unknown:
            raise CommandError("Some secrets need a key that is named no more.")
