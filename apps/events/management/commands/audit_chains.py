"""`audit_chains verify` looks whether the chains hold; `accept ADDRESS` takes one as it is, `accept --all` each."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.events.models import AuditCheck
from apps.events.operations import accept_chain, verify_audit
from apps.tenancy.context import as_platform, no_company
from apps.tenancy.models import Company
from apps.tenancy.queries import company_by_slug


class Command(BaseCommand):
    help = (
        "Chains of audit rows: `verify` looks at all and fails when one is broken; `accept ADDRESS` keeps the "
        "head of a company's chain as it stands, after a restore, `accept --all` those of all. Needs the "
        "operations login."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["verify", "accept"])
        parser.add_argument("company", nargs="?", default="", help="the company's address name")
        parser.add_argument("--all", action="store_true", help="accept the chains of all companies")

    def handle(self, *args: Any, **options: Any) -> None:
        with no_company(), as_platform():
            if options["act"] == "verify":
                self.verify()
            elif options["all"]:
                for slug in Company.objects.order_by("slug").values_list("slug", flat=True):
                    self.accept(slug)
            else:
                self.accept(options["company"])

    def verify(self) -> None:
        broken = verify_audit(now=timezone.now())
        for check in AuditCheck.all_parties.exclude(faults=[]).select_related("author"):
            for fault in check.faults:
                self.stdout.write(f"{check.author.slug}: {fault}")
        if broken:
            raise CommandError(f"{broken} chains are broken.")
        self.stdout.write("All chains hold.")

    def accept(self, slug: str) -> None:
        company = company_by_slug(slug)
        if company is None:
            raise CommandError(f"There is no company at the address {slug!r}.")
        head = accept_chain(company=company)
        self.stdout.write(
            f"{slug}: seal {head.number} is the head." if head else f"{slug}: no seal."
        )
