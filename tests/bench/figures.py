"""What is measured, what it must reach at least (floor) and what we are after (goal)."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

MORE, LESS = "more", "less"


@dataclass(frozen=True)
class Aim:
    """Floor and goal of one figure; `better` says which side is the good one."""

    floor: float
    goal: float
    better: str = MORE

    def mark(self, value: float) -> str:
        if self._reached(value, self.goal):
            return "goal"
        return "floor" if self._reached(value, self.floor) else "BELOW FLOOR"

    def _reached(self, value: float, wanted: float) -> bool:
        return value >= wanted if self.better == MORE else value <= wanted


@dataclass(frozen=True)
class Figure:
    """One line of the table. `low` and `high` are the spread over the rounds."""

    name: str
    value: float
    unit: str = ""
    aim: Aim | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def mark(self) -> str:
        return self.aim.mark(self.value) if self.aim else ""


@dataclass
class Findings:
    """What a bench found: its figures, why some are missing, and where the time goes."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    profiles: dict[str, str] = field(default_factory=dict)

    def add(
        self, name: str, values: float | Sequence[float], unit: str = "", **more: object
    ) -> None:
        """Note the median of the values with their spread."""
        many = list(values) if isinstance(values, Sequence) else [values]
        low, high = (min(many), max(many)) if len(many) > 1 else (None, None)
        figure = Figure(name, statistics.median(many), unit, low=low, high=high, **more)  # type: ignore[arg-type]
        self.figures.append(figure)
        print(f"    {line(figure)}", flush=True)

    @property
    def below(self) -> list[Figure]:
        return [figure for figure in self.figures if figure.mark == "BELOW FLOOR"]


def in_turn(cases: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Every case once, then every case again (A B A B): noise of the machine hits all alike."""
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            found[name].append(case())
    return found


def ratios(ours: Sequence[float], theirs: Sequence[float], factor: float = 1.0) -> list[float]:
    """Ratio round by round; `factor` 100 gives percent."""
    return [factor * one / other for one, other in zip(ours, theirs, strict=True)]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]


def shown(value: float | None) -> str:
    """Three significant digits, thousands apart."""
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def line(figure: Figure) -> str:
    """One figure as a line of the terminal."""
    spread = f" [{shown(figure.low)}..{shown(figure.high)}]" if figure.low is not None else ""
    aim = f"  floor {shown(figure.aim.floor)}, goal {shown(figure.aim.goal)}" if figure.aim else ""
    mark = f"  <- {figure.mark}" if figure.mark else ""
    return f"{figure.name}: {shown(figure.value)} {figure.unit}{spread}{aim}{mark}"
