"""`create_person EMAIL`: a person, and with --company a position there."""

import getpass
import json
import os
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Membership, User
from apps.accounts.operations import add_membership, create_person
from apps.accounts.queries import person_by_email
from apps.tenancy.context import company_context
from apps.tenancy.queries import company_by_slug


class Command(BaseCommand):
    help = (
        "Create a person; a second time changes nothing but adds the position. The password comes "
        "from PERUSE_PASSWORD or is asked for; without a terminal the person has none until they "
        "reset it by mail."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="needed for a new person")
        parser.add_argument("--language", default="en")
        parser.add_argument("--company", metavar="ADDRESS", help="the company's address name")
        parser.add_argument("--position", default="viewer", choices=Membership.Position.values)
        parser.add_argument("--staff", action="store_true", help="let the person into the console")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        is_new = person_by_email(options["email"]) is None
        try:
            with transaction.atomic():
                person = self.person(options, is_new)
                self.join(person, options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.report(person, is_new, options)

    def person(self, options: dict[str, Any], is_new: bool) -> User:
        password = self.password() if is_new else None
        person = create_person(
            email=options["email"],
            name=options["name"],
            language=options["language"],
            password=password,
            now=timezone.now(),
        )
        if options["staff"] and not person.is_staff:
            person.is_staff = True
            person.save(update_fields=["is_staff"])
        return person

    def password(self) -> str | None:
        given = os.environ.get("PERUSE_PASSWORD")
        if given is None and sys.stdin.isatty():
            given = getpass.getpass("Password: ")
        if given:
            validate_password(given)
        return given or None

    def join(self, person: User, options: dict[str, Any]) -> None:
        if not options["company"]:
            return
        company = company_by_slug(options["company"])
        if company is None:
            raise CommandError(f"There is no company at the address {options['company']!r}.")
        with company_context(company):
            add_membership(user=person, position=options["position"], now=timezone.now())

    def report(self, person: User, is_new: bool, options: dict[str, Any]) -> None:
        if options["json"]:
            outcome = {"email": person.email, "created": is_new, "company": options["company"]}
            self.stdout.write(json.dumps(outcome))
            return
        self.stdout.write(f"{person} {'is created' if is_new else 'stood already'}")
