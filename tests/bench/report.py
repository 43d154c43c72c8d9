"""The findings as a table of the terminal and as docs/performance.md."""

from collections.abc import Mapping, Sequence

from tests.bench.figures import Figure, Findings, line, shown
from tests.databases import ROOT

PAGE = ROOT / "docs/performance.md"
HEAD = """# Speed

Measured by `{command}`; written by that command, not by hand. Everything (load generator, web
processes, PostgreSQL) shares one machine. Shares and ratios are taken round by round within one
run, the cases in turn (A B A B), and the median is shown with the spread over the rounds; absolute
figures depend on the machine and are for orientation. *Floor* is what a release must reach, *goal*
is what we are after.

"""


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
    """Replace docs/performance.md."""
    command = " ".join(["make bench", *([f'ARGS="{" ".join(arguments)}"'] if arguments else [])])
    parts = [HEAD.format(command=command), machine(facts)]
    parts += [section(findings) for findings in results]
    parts.append(short_falls(results))
    PAGE.write_text("\n".join(parts).rstrip() + "\n")


def machine(facts: Mapping[str, str]) -> str:
    return "\n".join(
        ["| machine | |", "| --- | --- |", *(f"| {k} | {v} |" for k, v in facts.items()), ""]
    )


def section(findings: Findings) -> str:
    rows = [f"## {findings.title}", ""]
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


def short_falls(results: Sequence[Findings]) -> str:
    """What is below its floor, by name; its profile stands in its section."""
    below = [(findings.title, one) for findings in results for one in findings.below]
    lines = ["## What falls short", ""]
    if not below:
        return "\n".join([*lines, "Nothing measured here is below its floor."])
    lines += [
        f"- {title}: {one.name}: {shown(one.value)} {one.unit} (floor {shown(one.aim.floor)})"
        for title, one in below if one.aim
    ]  # fmt: skip
    return "\n".join([*lines, "", "The profiles in those sections say where the time goes."])
