"""`load_scenario FILE`: companies, people, machines and contracts from one YAML file."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.blueprints.domain.scenario import ScenarioError, parse
from apps.blueprints.operations import load_scenario


class Command(BaseCommand):
    help = "Load a scenario file. Loading it twice changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from None
        say = None if options["json"] else self.stdout.write
        try:
            scenario, lines = parse(text)
            outcome = load_scenario(
                scenario=scenario, lines=lines, now=timezone.now(), progress=say
            )
        except ScenarioError as error:
            self.refuse(error, options)
        self.report(outcome, options)

    def refuse(self, error: ScenarioError, options: dict[str, Any]) -> None:
        if options["json"]:
            faults = [{"line": f.line, "where": f.where, "reason": f.reason} for f in error.faults]
            self.stdout.write(json.dumps({"faults": faults}))
        raise CommandError(f"{options['file']}:\n{error}") from error

    def report(self, outcome: Any, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps({"made": outcome.made, "stood": outcome.stood}))
            return
        for section in {**outcome.made, **outcome.stood}:
            made, stood = outcome.made.get(section, 0), outcome.stood.get(section, 0)
            self.stdout.write(f"{section}: {made} made, {stood} stood already")
