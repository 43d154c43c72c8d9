"""Builds `peruse_verify.py`: the verifier and all it rests on as one file of plain Python.

The modules are put one after the other as they stand, in the order in which they need each
other, without their imports of one another; so every top-level name may exist only once.
"""

import ast
import hashlib
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

ENTRY = "apps.metering.verifier"
ALLOWED = ("apps.common.", "apps.pricing.", "apps.telemetry.domain.", "apps.metering.")
FILE_NAME = "peruse_verify.py"
_ROOT = Path(__file__).resolve().parents[2]

_HEAD = '''#!/usr/bin/env python3
"""Peruse verifier: checks an exported evidence file without a portal or a database.

    python {name} FILE --key HEX [--json] [--language de|en]

FILE is the evidence file of an invoice, HEX the issuer's Ed25519 public key, obtained from the
issuer and not from the file. Signature, readings, usage, price, tax and totals are computed
again. Exit code 0: verified; 1: something differs; 2: not readable.

Python 3.11 or later and its standard library are all it needs. The parts below are the modules
that the portal itself computes with. SHA-256 of the parts: {digest}
"""
'''
_FOOT = """

if __name__ == "__main__":
    sys.exit(main())
"""


class BundleError(RuntimeError):
    """The modules cannot stand in one file: a name twice, or an import that is not allowed."""


@lru_cache(maxsize=1)
def bundle() -> str:
    """The text of the verifier. Raises BundleError."""
    modules = _in_order(ENTRY)
    _refuse_repeated_names(modules)
    parts = [f"# {'-' * 8} {module} {'-' * 8}\n\n{_body(module)}" for module in modules]
    text = "\n\n\n".join(parts)
    hashed = hashlib.sha256(text.encode()).hexdigest()
    head = _HEAD.format(name=FILE_NAME, digest=hashed)
    return "\n".join([head, *_import_lines(modules), "\n", text]) + _FOOT


def _path(module: str) -> Path:
    path = _ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_path(module).read_text(encoding="utf-8"))


def _exists(module: str) -> bool:
    return _path(module).is_file()


def _in_order(entry: str) -> list[str]:
    """Every module the entry rests on, each after those it imports."""
    ordered: list[str] = []

    def visit(module: str) -> None:
        if module in ordered:
            return
        for needed in _needs(module):
            visit(needed)
        ordered.append(module)

    visit(entry)
    # A package's __init__ only gathers its modules; as text it would be empty.
    return [module for module in ordered if _path(module).name != "__init__.py"]


def _needs(module: str) -> Iterator[str]:
    for node in _internal_imports(module):
        source = str(node.module)
        for alias in node.names:
            inner = f"{source}.{alias.name}"
            found = inner if _exists(inner) else source
            if alias.asname not in (None, alias.name):
                raise BundleError(f"{module} renames {alias.name} to {alias.asname}")
            if not found.startswith(ALLOWED) and found not in ("apps.pricing", "apps.common"):
                raise BundleError(f"{module} imports {found}, which is no part of the verifier")
            yield found


def _internal_imports(module: str) -> Iterator[ast.ImportFrom]:
    for node in _tree(module).body:
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "apps":
            yield node
        elif isinstance(node, ast.Import) and any(a.name.startswith("apps") for a in node.names):
            raise BundleError(f"{module} imports a module as a whole")


def _outside_imports(module: str) -> Iterator[tuple[str, str]]:
    """(module, name) for each name from the standard library; ('', module) for `import`."""
    internal = list(_internal_imports(module))
    for node in _tree(module).body:
        if isinstance(node, ast.Import):
            pairs = [("", alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node not in internal:
            pairs = [(str(node.module), alias.name) for alias in node.names]
        else:
            continue
        for source, name in pairs:
            if (source or name).split(".")[0] not in sys.stdlib_module_names:
                raise BundleError(f"{module} imports {name}, which is not in the standard library")
            yield source, name


def _import_lines(modules: list[str]) -> list[str]:
    names: dict[str, set[str]] = {}
    for module in modules:
        for source, name in _outside_imports(module):
            names.setdefault(source, set()).add(name)
    whole = [f"import {name}" for name in sorted(names.pop("", set()))]
    single = [f"from {key} import {', '.join(sorted(names[key]))}" for key in sorted(names)]
    return [*whole, *single]


def _body(module: str) -> str:
    """The module's text without its imports, its docstring turned into comments."""
    lines = _path(module).read_text(encoding="utf-8").splitlines()
    tree = _tree(module)
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            _blank(lines, node)
    description = ast.get_docstring(tree)
    if description is not None:
        _blank(lines, tree.body[0])
    comments = [f"# {line}".rstrip() for line in (description or "").splitlines()]
    return "\n".join([*comments, "", "\n".join(lines).strip("\n")])


def _blank(lines: list[str], node: ast.stmt) -> None:
    for number in range(node.lineno - 1, int(node.end_lineno or node.lineno)):
        lines[number] = ""


def _refuse_repeated_names(modules: list[str]) -> None:
    owners: dict[str, str] = {}
    for module in modules:
        outside = [(name, source or name) for source, name in _outside_imports(module)]
        for name, owner in [*outside, *((name, module) for name in _defined(module))]:
            if owners.setdefault(name, owner) != owner:
                raise BundleError(f"{name} comes from {owners[name]} and from {owner}")


def _defined(module: str) -> Iterator[str]:
    for node in _tree(module).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (item.id for item in node.targets if isinstance(item, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
