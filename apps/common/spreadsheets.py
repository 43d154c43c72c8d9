"""CSV for spreadsheets: the one place that writes it, so that no cell becomes a formula."""

import csv
import io
from collections.abc import Iterable
from typing import IO

# Besides the four signs: spreadsheets drop a tab, a line's end and the wide forms of the signs.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # fmt: skip
BYTE_ORDER_MARK = "\ufeff"


class Sheet:
    """Writes rows into a text file; every cell is made plain text or is a number."""

    def __init__(self, file: IO[str], *, line_end: str = "\r\n") -> None:
        self._writer = csv.writer(file, lineterminator=line_end)

    def row(self, cells: Iterable[object]) -> None:
        self._writer.writerow(["" if cell is None else neutral(str(cell)) for cell in cells])


def sheet_text(rows: Iterable[Iterable[object]]) -> str:
    """The rows as CSV with a byte order mark, which tells spreadsheets that it is UTF-8."""
    out = io.StringIO()
    sheet = Sheet(out)
    for row in rows:
        sheet.row(row)
    return BYTE_ORDER_MARK + out.getvalue()


def neutral(cell: str) -> str:
    """A cell no spreadsheet runs as a formula: an apostrophe before = + - @, numbers left alone."""
    if not cell.lstrip(" ").startswith(FORMULA_STARTS) or _is_number(cell):
        return cell
    return f"'{cell}"


def _is_number(cell: str) -> bool:
    digits = cell[1:] if cell[0] in "+-" else cell
    return digits.isascii() and digits.replace(".", "", 1).isdigit()
