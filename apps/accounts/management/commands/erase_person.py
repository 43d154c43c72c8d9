"""`erase_person EMAIL`: end a person's memberships and take their name and address away."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Invitation, Membership, User
from apps.accounts.operations.erasing import (
    end_for_erasure,
    erase_identity,
    forget_invitations,
)
from apps.accounts.queries import person_by_email
from apps.tenancy.context import as_platform, company_context, no_company
from apps.tenancy.models import Company


class Command(BaseCommand):
    help = (
        "Erase a person: memberships end, name, address, password and second factors go. Issued "
        "documents, signatures and audit rows keep the name they were made with. Needs the "
        "operations login and --yes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--yes", action="store_true", help="it cannot be undone")

    def handle(self, *args: Any, **options: Any) -> None:
        person = person_by_email(options["email"])
        if person is None:
            raise CommandError(f"There is no person with the address {options['email']}.")
        if not options["yes"]:
            raise CommandError("Erasing cannot be undone: say --yes.")
        try:
            with transaction.atomic():
                done = erase(person)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(json.dumps({"person": person.pk, **done}))


def erase(person: User) -> dict[str, int]:
    """All or nothing; how many rows of each kind."""
    now, done = timezone.now(), {"memberships": 0, "invitations": 0}
    for company in concerned(person):
        with company_context(company):
            done["memberships"] += end_for_erasure(person=person, now=now)
            done["invitations"] += forget_invitations(address=person.email, person=person, now=now)
    with no_company(), as_platform():
        if Membership.all_parties.filter(user=person, ended_at=None).exists():
            raise ValidationError("A membership began meanwhile; run it again.")
    return {**done, **erase_identity(person=person)}


def concerned(person: User) -> list[Company]:
    """Companies the person is a member of, or was invited into."""
    with no_company(), as_platform():
        keys = {
            *Membership.all_parties.filter(user=person, ended_at=None).values_list("author", flat=True),
            *Invitation.all_parties.filter(email=person.email).values_list("author", flat=True),
        }  # fmt: skip
        return list(Company.objects.filter(pk__in=keys).order_by("pk"))
