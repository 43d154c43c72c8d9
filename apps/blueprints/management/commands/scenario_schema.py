"""`scenario_schema`: the JSON Schema of scenario files and blueprints."""

import json
from typing import Any

import msgspec
from django.core.management.base import BaseCommand

from apps.blueprints.domain.scenario import Scenario


class Command(BaseCommand):
    help = "Print the JSON Schema of scenario files, as docs/scenario-file-1.schema.json has it."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(msgspec.json.schema(Scenario), indent=1))
