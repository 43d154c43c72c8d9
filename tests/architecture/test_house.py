"""The house: faces, sizes, words. Layers are import-linter's, in `make check`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ROOT / "apps"
FACE = {"domain", "events", "models", "queries", "operations"}
# Foundation packages whose further modules are made to be used by every app.
FURTHER_FACE = {
    "common": None,  # everything: it is a library
    "pricing": None,
    "tenancy": {
        "context",
        "fence",
        "middleware",
        "outages",
        "tasks",
        "schemas",
        "backend",
        "bulk",
        "dumps",
        "sealing",
    },
    "accounts": {
        "access",
        "addresses",
        "api",
        "confirming",
        "forms",
        "limits",
        "middleware",
        "personal",
    },
    "telemetry": {"door", "wording"},
    "metering": {"bundle"},
    "contracts": {"wording"},
    "billing": {"invariants"},
    "networks": {"wording"},
    "subscriptions": {"wording"},
}
# Inside an app imports run downward.
ORDER = {
    "views": 7,
    "api": 7,
    "admin": 7,
    "management": 7,
    "urls": 8,
    "api_urls": 8,
    "subscribers": 6,
    "tasks": 6,
    "forms": 5,
    "tables": 5,
    "operations": 4,
    "judging": 3,
    "queries": 3,
    "models": 2,
    "events": 1,
    "domain": 0,
}
FORBIDDEN_NAMES = {"services.py", "utils.py", "helpers.py", "misc.py", "signals.py"}


def sources() -> Iterator[Path]:
    for path in sorted(APPS.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            for name in node.names:
                yield f"{node.module}.{name.name}"
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("path", list(sources()), ids=lambda p: str(p.relative_to(ROOT)))
def test_other_apps_touch_only_the_public_face(path: Path) -> None:
    own = path.relative_to(APPS).parts[0]
    for module in imported(path):
        parts = module.split(".")
        if parts[0] != "apps" or len(parts) < 3 or parts[1] == own:
            continue
        allowed = FURTHER_FACE.get(parts[1], set())
        assert allowed is None or parts[2] in FACE | allowed, f"{path.name} imports {module}"


@pytest.mark.parametrize("path", list(sources()), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_inside_an_app_run_downward(path: Path) -> None:
    own, *rest = path.relative_to(APPS).parts
    place = ORDER.get(rest[0].removesuffix(".py")) if rest else None
    if place is None:
        return
    for module in imported(path):
        parts = module.split(".")
        if parts[:2] == ["apps", own] and len(parts) > 2 and parts[2] in ORDER:
            assert ORDER[parts[2]] <= place, f"{path.relative_to(ROOT)} imports {module}"


def test_domain_and_pricing_know_neither_django_nor_the_world() -> None:
    plain = [p for p in sources() if "domain" in p.parts or p.parts[-2] == "pricing"]
    for path in plain:
        if path.name == "apps.py":
            continue
        for module in imported(path):
            top = module.split(".")[0]
            assert top not in {"django", "psycopg", "celery", "requests", "os"}, path


def test_files_stay_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in sources()
        if (count := len(path.read_text().splitlines())) > 420
    }
    assert long == {}


def test_functions_stay_short() -> None:
    sizes = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                sizes.append(((node.end_lineno or 0) - node.lineno + 1, f"{path}:{node.name}"))
    sizes.sort()
    assert sizes[len(sizes) // 2][0] <= 10, sizes[len(sizes) // 2]
    assert sizes[len(sizes) * 99 // 100][0] < 70, sizes[len(sizes) * 99 // 100]


def test_no_room_without_a_meaning_in_its_name() -> None:
    assert [p for p in sources() if p.name in FORBIDDEN_NAMES] == []


def test_every_app_says_what_it_owns() -> None:
    missing = [
        p.name
        for p in APPS.iterdir()
        if p.is_dir() and (p / "apps.py").exists() and not (p / "README.md").exists()
    ]
    assert missing == []


def test_no_floats_where_billed_quantities_live() -> None:
    for app in ("pricing", "billing", "metering", "contracts", "settlement"):
        for path in (APPS / app).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            text = path.read_text()
            assert "FloatField" not in text, path
            # A picture may round; what is billed may not.
            assert "float(" not in text or "views" in path.parts, path


# Raw readings under a grant; who may sign in at a company's own provider.
DOORS = {"telemetry/door.py", "accounts/door.py"}


def test_the_doors_are_the_only_way_into_another_schema() -> None:
    for path in sources():
        own = path.relative_to(APPS).parts[0]
        if own in {"tenancy", "console", "demo", "blueprints"}:
            continue
        if path.relative_to(APPS).as_posix() in DOORS:
            continue
        text = path.read_text()
        if "management" in path.parts or path.name in {"tasks.py", "context.py"}:
            continue
        assert "company_context" not in text, path
        assert "acting_as" not in text, path
        assert "schema_context" not in text, path


def test_a_sign_of_life_has_the_clocks_time() -> None:
    """The time at which a job began, which its function is given as `now`, would never renew its lease."""
    signs = [
        (path, keyword.value)
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "note_progress"
        for keyword in node.keywords
        if keyword.arg == "now"
    ]
    assert len(signs) > 8
    assert [path for path, value in signs if ast.unparse(value) == "now"] == []
