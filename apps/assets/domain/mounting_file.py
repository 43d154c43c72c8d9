"""A CSV file of mountings, line by line: what it says and what is wrong with it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from apps.assets.domain.asset_file import AssetLine, csv_lines
from apps.common.period import parse_instant
from apps.common.quantity import BadValue, parse_decimal

MOUNTING_COLUMNS = (
    "component", "host", "position", "mounted_at", "mounted_value", "dismounted_at",
    "dismounted_value", "channel",
)  # fmt: skip
NEEDED_COLUMNS = ("component", "host", "position", "mounted_at")


@dataclass(slots=True)
class MountingLine:
    """One line: its cells, the values they hold, and its problems as (column, reason, params)."""

    cells: AssetLine
    mounted_at: datetime | None = None
    mounted_value: Decimal | None = None
    dismounted_at: datetime | None = None
    dismounted_value: Decimal | None = None
    problems: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def cell(self, column: str) -> str:
        return self.cells.cells.get(column, "")

    def wrong(self, column: str, reason: str, **params: object) -> None:
        self.problems.append((column, reason, {key: str(text) for key, text in params.items()}))


def read_mounting_lines(text: str) -> list[MountingLine]:
    """Every line below the header, with what each shows by itself. Raises BadAssetFile."""
    lines = [MountingLine(row) for row in csv_lines(text, MOUNTING_COLUMNS, NEEDED_COLUMNS)]
    for line in lines:
        line.problems = list(line.cells.problems)
        for column in NEEDED_COLUMNS:
            if not line.cell(column):
                line.wrong(column, "needed")
        for column in ("mounted_at", "dismounted_at"):
            setattr(line, column, _instant(line, column))
        for column in ("mounted_value", "dismounted_value"):
            setattr(line, column, _number(line, column))
        if line.dismounted_value is not None and not line.cell("dismounted_at"):
            line.wrong("dismounted_at", "needed")
    return lines


def _instant(line: MountingLine, column: str) -> datetime | None:
    text = line.cell(column)
    if not text:
        return None
    try:
        return parse_instant(text)
    except BadValue:
        line.wrong(column, "bad_instant", value=text[:40])
        return None


def _number(line: MountingLine, column: str) -> Decimal | None:
    text = line.cell(column)
    if not text:
        return None
    try:
        return parse_decimal(text)
    except BadValue:
        line.wrong(column, "bad_number", value=text[:40])
        return None
