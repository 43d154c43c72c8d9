"""Migrations of an app form one named line."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def linear() -> ModuleType:
    path = Path(__file__).parents[3] / "bin/linear_migrations.py"
    spec = importlib.util.spec_from_file_location("linear_migrations", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def folder_with(tmp_path: Path, last: str, *names: str) -> Path:
    for name in ("__init__", *names):
        (tmp_path / f"{name}.py").touch()
    (tmp_path / "max_migration.txt").write_text(f"{last}\n")
    return tmp_path


def test_a_line_is_fine(linear: ModuleType, tmp_path: Path) -> None:
    assert (
        linear.problems_of(folder_with(tmp_path, "0002_fence", "0001_initial", "0002_fence")) == []
    )


@pytest.mark.parametrize(
    ("names", "last", "reason"),
    [
        (("0001_initial", "0002_a", "0002_b"), "0002_b", "numbers are not 1 to 3"),
        (("0001_initial", "0003_a"), "0003_a", "numbers are not 1 to 2"),
        (("0001_initial", "0002_auto_20260101"), "0002_auto_20260101", "a name of its own"),
        (("0001_initial", "0002_a"), "0001_initial", "does not say 0002_a"),
    ],
)
def test_forks_gaps_and_automatic_names_are_found(
    linear: ModuleType, tmp_path: Path, names: tuple[str, ...], last: str, reason: str
) -> None:
    problems = linear.problems_of(folder_with(tmp_path, last, *names))
    assert len(problems) == 1
    assert reason in problems[0]
