"""The findings as a table of the terminal and as docs/performance.md."""

import re
from collections.abc import Mapping, Sequence

from tests.bench.figures import Figure, Findings, line, shown
from tests.databases import ROOT

PAGE = ROOT / "docs/performance.md"
HEAD = """# Speed

Written by `make bench ARGS="--write"`, not by hand; a section keeps its last figures where others are measured alone. Everything (load
generator, web processes, PostgreSQL) shares one machine. Shares and ratios are taken round by round within one
run, the cases in turn (A B A B), and the median is shown with the spread over the rounds; absolute
figures depend on the machine and are for orientation. *Floor* is what a release must reach, *goal*
is what we are after.

"""
SHORT = "What falls short"
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_BELOW = re.compile(
    r"^\| (?P<name>[^|]+) \| (?P<value>[^|]+) \| [^|]* \| (?P<floor>[^|]+) \|.*\*\*below floor",
    re.MULTILINE,
)


def text(results: Sequence[Findings]) -> str:
    """All figures, what was skipped, and what falls short."""
    lines = []
    for findings in results:
        lines += ["", findings.title, *(f"  {line(figure)}" for figure in findings.figures)]
        lines += [f"  skipped: {reason}" for reason in findings.skipped]
    below = [figure for findings in results for figure in findings.below]
    lines += ["", f"{len(below)} below floor" + "".join(f"\n  {line(one)}" for one in below)]
    return "\n".join(lines)


def write(results: Sequence[Findings], facts: Mapping[str, str], arguments: Sequence[str]) -> None:
    """Replace the measured sections of docs/performance.md; the others stay as they are."""
    command = " ".join(["make bench", *([f'ARGS="{" ".join(arguments)}"'] if arguments else [])])
    about = f"`{command}` on " + ", ".join(f"{key}: {value}" for key, value in facts.items())
    sections = standing(PAGE.read_text()) if PAGE.exists() else {}
    for findings in results:
        sections[findings.title] = section(findings, about)
    parts = [HEAD, *sections.values(), short_falls(sections)]
    PAGE.write_text("\n".join(part.rstrip() + "\n" for part in parts))


def standing(page: str) -> dict[str, str]:
    """By title the sections of a page, without what follows from the others."""
    _, *found = _SECTION.split(page)
    sections = {
        title: f"## {title}{body}" for title, body in zip(found[::2], found[1::2], strict=True)
    }
    sections.pop(SHORT, None)
    return sections


def section(findings: Findings, about: str) -> str:
    rows = [f"## {findings.title}", "", f"{about}.", ""]
    if findings.figures:
        rows += [
            "| what | figure | spread | floor | goal | reached |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        rows += [row(figure) for figure in findings.figures]
    rows += [f"\nNot measured: {reason}" for reason in findings.skipped]
    notes = [f"- {one.name.lstrip('… ')}: {one.note}" for one in findings.figures if one.note]
    rows += ["", *notes] if notes else []
    for title, profile in findings.profiles.items():
        rows += ["", f"**{title}**", "", "```", profile, "```"]
    return "\n".join([*rows, ""])


def row(figure: Figure) -> str:
    spread = f"{shown(figure.low)}–{shown(figure.high)}" if figure.low is not None else ""
    floor, goal = (shown(figure.aim.floor), shown(figure.aim.goal)) if figure.aim else ("", "")
    mark = f"**{figure.mark.lower()}**" if figure.mark == "BELOW FLOOR" else figure.mark
    value = f"{shown(figure.value)} {figure.unit}".strip()
    return f"| {figure.name} | {value} | {spread} | {floor} | {goal} | {mark} |"


def short_falls(sections: Mapping[str, str]) -> str:
    """What is below its floor, by name; its profile stands in its section."""
    below = [(title, row) for title, body in sections.items() for row in _BELOW.finditer(body)]
    lines = [f"## {SHORT}", ""]
    if not below:
        return "\n".join([*lines, "Nothing measured here is below its floor."])
    lines += [
        f"- {title}: {row['name']}: {row['value']} (floor {row['floor']})" for title, row in below
    ]
    return "\n".join([*lines, "", "The profiles in those sections say where the time goes."])
