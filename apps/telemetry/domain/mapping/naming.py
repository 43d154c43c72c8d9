"""What a file's name and its importer add to a profile."""

from typing import Any

from apps.telemetry.domain.mapping.source import BadFile
from apps.telemetry.domain.mapping.times import day_named


def mapping_of_file(mapping: dict[str, Any], name: str, asset: str = "") -> dict[str, Any]:
    """The profile's dict for the file of this name: with its asset where one is chosen, and with
    the day its name gives where the profile looks for one there. Raises BadFile no_day_in_name.
    """
    chosen = {"asset": asset, "asset_column": ""} if asset else {}
    time = mapping.get("time", {})
    pattern = time.get("date_in_name")
    if not pattern:
        return {**mapping, **chosen}
    day = day_named(name, pattern)
    if day is None:
        raise BadFile("no_day_in_name", name=name, pattern=pattern)
    return {**mapping, **chosen, "time": {**time, "date": day}}
