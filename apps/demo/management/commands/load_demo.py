"""Loads the demo, or brings it up to date."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.demo.operations import load_demo


class Command(BaseCommand):
    help = "Load the demo's companies with two months of readings and invoices."

    def handle(self, *args: Any, **options: Any) -> None:
        load_demo(now=timezone.now(), say=self.say)

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
