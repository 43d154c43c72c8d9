"""`manage.py import_readings FILE --company SLUG --profile NAME`: a file of readings, here and now."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.telemetry.domain.mapping import (
    BadFile,
    BadMapping,
    from_dict,
    mapping_of_file,
    problem_text,
)
from apps.telemetry.models import ImportProfile, ImportRun
from apps.telemetry.operations.imports import (
    preview_import,
    run_import,
    save_profile,
    source_of,
    upload_file,
)
from apps.tenancy.context import company_context
from apps.tenancy.queries import company_by_slug

_SHOWN = 20


class Command(BaseCommand):
    """Take a file of readings in, or with --dry-run only judge it. Exit 1 with the reason."""

    help = "Import a file of readings through a mapping profile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="CSV file, plain or gzip-compressed")
        parser.add_argument("--company", required=True, help="address name of the company")
        parser.add_argument(
            "--profile", required=True, help="name of a profile, or a YAML or JSON file with one"
        )
        parser.add_argument("--asset", default="", help="serial or id of the whole file's asset")
        parser.add_argument("--dry-run", action="store_true", help="judge without storing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        company = company_by_slug(options["company"])
        if company is None:
            raise CommandError(f"there is no company with the address name {options['company']}")
        with company_context(company):
            try:
                result = self._outcome(options, timezone.now())
            except (BadFile, BadMapping, ValidationError, OSError, yaml.YAMLError) as error:
                raise CommandError(told(error)) from None
        self._print(result, options["json"])
        if result["state"] == ImportRun.State.FAILED:
            raise CommandError(result["error"])

    def _outcome(self, options: dict[str, Any], now: datetime) -> dict[str, Any]:
        path = Path(options["file"])
        name, mapping = _profile(options["profile"])
        if options["asset"]:
            mapping = {**mapping, "asset": options["asset"], "asset_column": ""}
        if options["dry_run"]:
            return _judged(path, name, mapping, now)
        profile = ImportProfile.objects.filter(name=name).first()
        if profile is None or Path(options["profile"]).is_file():
            profile = save_profile(name=name, mapping=mapping, now=now, profile=profile)
        with path.open("rb") as file:
            run = upload_file(
                profile=profile, file=file, file_name=path.name, now=now, actor="import_readings",
                asset=options["asset"],
            )  # fmt: skip
        if run.state == ImportRun.State.RUNNING:
            raise ValidationError("this file is being imported by a worker")
        return _told_run(run_import(run=run, now=now))

    def _print(self, result: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        for name in ("rows", "accepted", "duplicates", "conflicts", "refused", "skipped"):
            self.stdout.write(f"{name:>10}  {result[name]:>9,}")
        for entry in result["problems"][:_SHOWN]:
            text = problem_text(entry["reason"], entry["params"], "en")
            place = f"line {entry['line']} {entry['column']}: " if entry["line"] else ""
            self.stdout.write(f"{place}{text}")
        more = len(result["problems"]) - _SHOWN
        if more > 0:
            self.stdout.write(f"… and {more} more (--json prints them)")


def _profile(named: str) -> tuple[str, dict[str, Any]]:
    """Name and mapping of a stored profile, or of a YAML or JSON file: {name: …, mapping: {…}}."""
    path = Path(named)
    if path.suffix in (".yaml", ".yml", ".json") or path.is_file():
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        whole = isinstance(data, dict) and isinstance(data.get("mapping"), dict)
        name, mapping = (
            (data.get("name", path.stem), data["mapping"]) if whole else (path.stem, data)
        )
        from_dict(mapping)
        return str(name), mapping
    profile = ImportProfile.objects.filter(name=named).first()
    if profile is None:
        raise ValidationError(f"there is no profile “{named}” and no such file")
    return profile.name, profile.mapping


def _judged(path: Path, name: str, mapping: dict[str, Any], now: datetime) -> dict[str, Any]:
    with path.open("rb") as file:
        preview = preview_import(
            mapping=from_dict(mapping_of_file(mapping, path.name)), stream=file,
            source=source_of(name), now=now, most=None,
        )  # fmt: skip
    return {
        "state": "dry", "import": None, "error": "", **asdict(preview.tally.counts),
        "first_at": preview.first_at and preview.first_at.isoformat(),
        "last_at": preview.last_at and preview.last_at.isoformat(),
        "problems": preview.tally.entries,
    }  # fmt: skip


def _told_run(run: ImportRun) -> dict[str, Any]:
    counts = ("accepted", "duplicates", "conflicts", "refused", "skipped")
    params: dict[str, Any] = next((e["params"] for e in run.problems if e["kind"] == "file"), {})
    return {
        "state": run.state, "import": run.public_id, "rows": run.rows_done,
        "error": problem_text(run.error, params, "en") if run.error else "",
        **{name: getattr(run, name) for name in counts}, "problems": run.problems,
    }  # fmt: skip


def told(error: Exception) -> str:
    """The reason as a sentence."""
    if isinstance(error, BadFile):
        return problem_text(error.reason, error.params, "en")
    if isinstance(error, BadMapping):
        said = [
            f"{place}: {problem_text(why, params, 'en')}" for place, why, params in error.problems
        ]
        return "the profile cannot be used: " + "; ".join(said)
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return str(error)
