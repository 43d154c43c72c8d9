"""Prints one address per company with a login each."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.demo.queries import PASSWORD, demo_people, portal_address


class Command(BaseCommand):
    help = "Print the demo's addresses and logins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", default=settings.PERUSE_PORT)
        parser.add_argument("--console-port", default=settings.PERUSE_CONSOLE_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        seen: set[str] = set()
        for person in demo_people():
            if person["company"] not in seen:
                seen.add(person["company"])
                address = portal_address(person["company"], options["port"])
                self.stdout.write(f"{address:<46} {person['email']}")
        console = f"http://{settings.PERUSE_CONSOLE_HOST}:{options['console_port']}/"
        self.stdout.write(f"{console:<46} operator@peruse.example  (admin console)")
        self.stdout.write(f"Password of all of them: {PASSWORD}")
