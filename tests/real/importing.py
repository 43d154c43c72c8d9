"""A file as a customer tries it first: looked at under a profile, nothing stored."""

from pathlib import Path
from typing import Any

from tests.conftest import NOW


def look(path: Path, mapping: dict[str, Any], asset: str = "") -> Any:
    """The preview of this file under this profile. Raises BadMapping or BadFile."""
    from apps.telemetry.domain.mapping import from_dict, mapping_of_file
    from apps.telemetry.operations.imports import preview_import

    read = from_dict(mapping_of_file(mapping, path.name, asset))
    with path.open("rb") as file:
        return preview_import(mapping=read, stream=file, source="import:trial", now=NOW)


def said(path: Path, mapping: dict[str, Any]) -> set[str]:
    """What the preview says is wrong, each sentence once."""
    from apps.telemetry.domain.mapping import problem_text

    problems = look(path, mapping).tally.problems
    return {problem_text(entry["reason"], entry["params"], "en") for entry in problems}


def refused_with(path: Path, mapping: dict[str, Any]) -> str:
    """Why the profile or the file as a whole is refused, as the command says it."""
    from apps.telemetry.domain.mapping import BadFile, BadMapping
    from apps.telemetry.management.commands.import_readings import told

    try:
        look(path, mapping)
    except (BadFile, BadMapping) as error:
        return told(error)
    return ""
