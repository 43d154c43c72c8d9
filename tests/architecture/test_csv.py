"""CSV leaves by one writer, which makes active cells plain; nothing else writes any."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WRITER = "apps/common/spreadsheets.py"
# What answers with the type of CSV: both hand on what the writer made.
ANSWERS = {"apps/common/pages.py", "apps/telemetry/views/use_data.py"}


def writes_csv(source: str) -> bool:
    """Whether a module writes CSV by itself: the library's writers, or `csv` under another name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in (
            "csv.writer",
            "csv.DictWriter",
        ):
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "csv":
            return True
        if isinstance(node, ast.Import) and any(
            one.name == "csv" and one.asname for one in node.names
        ):
            return True
    return False


def modules() -> Iterator[tuple[str, str]]:
    for folder in ("apps", "portal"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text()


def test_one_module_writes_csv() -> None:
    said = ((name, source) for name, source in modules() if "csv" in source)
    assert [name for name, source in said if writes_csv(source)] == [WRITER]


def test_who_answers_with_csv_is_known() -> None:
    said = {name for name, source in modules() if '"text/csv' in source and "accept" not in source}
    assert said == ANSWERS


def test_a_writer_elsewhere_is_seen() -> None:
    """The control."""
    for source in (
        "import csv\ncsv.writer(out)", "import csv\ncsv.DictWriter(out, [])", "from csv import writer",
        "import csv as tables",
    ):  # fmt: skip
        assert writes_csv(source), source
    assert not writes_csv("import csv\ncsv.reader(lines)")
