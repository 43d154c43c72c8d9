"""A table of more columns than a phone shows side by side is written as one whose rows are cards."""

import re
from pathlib import Path

from apps.common.cards import MOST_BESIDE

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# Written on paper, or by the console, which has its own look.
ELSEWHERE = ("billing/documents/", "console/", "contracts/sheet.html")
TABLE = re.compile(r"({% cards %})?<table\b(.*?)</t(?:head|able)>", re.DOTALL)


def bare(source: str) -> list[int]:
    """Numbers of columns of the tables that are too broad and no cards."""
    found = (
        (carded, len(re.findall(r'<th\b(?! scope="row")', head)))
        for carded, head in TABLE.findall(source)
    )
    return [columns for carded, columns in found if columns > MOST_BESIDE and not carded]


def test_broad_tables_are_cards() -> None:
    names = {str(path.relative_to(TEMPLATES)): path for path in TEMPLATES.rglob("*.html")}
    wrong = [
        name
        for name, path in names.items()
        if not name.startswith(ELSEWHERE) and bare(path.read_text())
    ]
    assert wrong == []


def test_a_broad_table_is_seen() -> None:
    table = f"<table><thead><tr>{'<th>A</th>' * 4}</tr></thead></table>"
    assert bare(table) == [4]
    assert bare("{% cards %}" + table + "{% endcards %}") == []
    assert bare(table.replace("<th>A</th>", "", 1)) == []
