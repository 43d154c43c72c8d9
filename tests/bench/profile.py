"""Where the time goes: functions by the time spent in themselves."""

import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path

from tests.databases import ROOT

SHOWN = 14


def profile_of(work: Callable[[], object], times: int = 1) -> str:
    """A table of functions: share of all time, milliseconds and calls per repetition."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(times):
        work()
    profiler.disable()
    return table_of(pstats.Stats(profiler), times)


def table_of(stats: pstats.Stats, times: int) -> str:
    rows = sorted(stats.stats.items(), key=lambda item: -item[1][2])  # type: ignore[attr-defined]
    total = sum(row[1][2] for row in rows)
    lines = [
        f"{1000 * total / times:.1f} ms in all, under the profiler",
        " share      ms   calls  function",
    ]
    for place, (_, calls, own, _, _) in rows[:SHOWN]:
        lines.append(
            f"{100 * own / total:5.1f} % {1000 * own / times:7.2f} {calls / times:7.0f}  {named(place)}"
        )
    return "\n".join(lines)


def named(place: tuple[str, int, str]) -> str:
    """`apps/x/y.py function`, or the package's name for what is not ours."""
    file, _, function = place
    if file == "~":
        return function.strip("<>")
    path = Path(file)
    if path.is_relative_to(ROOT) and ".venv" not in path.parts:
        return f"{path.relative_to(ROOT)} {function}"
    return f"{'/'.join(path.parts[-2:])} {function}"
