"""`erase_person EMAIL`: end a person's memberships and take their name and address away."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.operations import erase_person
from apps.accounts.queries import person_by_email
from apps.tenancy.context import acting_as


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
            done = erase_person(person=person, now=timezone.now(), inside=acting_as)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(json.dumps({"person": person.pk, **done}))
