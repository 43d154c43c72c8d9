"""Every app's migrations are one named line: 0001, 0002, … without forks or automatic names.

A fork made by two branches shows as a conflict in `max_migration.txt`, which names the last one.
"""

import re
import sys
from pathlib import Path

NAME = re.compile(r"^(\d{4})_([a-z][a-z0-9_]*)$")


def problems_of(folder: Path) -> list[str]:
    """What is wrong with the migrations in `folder`, in words."""
    names = sorted(path.stem for path in folder.glob("[0-9]*.py"))
    found = [f"{folder}/{name}.py: a name of its own, please" for name in names if unnamed(name)]
    numbers = [int(name[:4]) for name in names if NAME.match(name)]
    if numbers != list(range(1, len(names) + 1)):
        found.append(f"{folder}: numbers are not 1 to {len(names)}: {', '.join(names)}")
    last = folder / "max_migration.txt"
    if names and (not last.exists() or last.read_text().strip() != names[-1]):
        found.append(f"{last} does not say {names[-1]}")
    return found


def unnamed(name: str) -> bool:
    match = NAME.match(name)
    return not match or match[2].startswith("auto_")


def main(checkout: Path) -> int:
    folders = sorted(checkout.glob("apps/*/migrations"))
    problems = [problem for folder in folders for problem in problems_of(folder)]
    print("\n".join(problems) or f"{len(folders)} apps")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path()))
