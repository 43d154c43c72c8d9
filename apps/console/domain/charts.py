"""Bar charts as numbers of an SVG: the pages draw them without a script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, GAP = 600.0, 120.0, 3.0
NO_TEXTS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `x`, `y`, `width`, `height` in the chart's units; what its title says."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int
    kind: str = ""
    # What the title says instead of the bare value, such as an amount with its currency.
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of a 600 × 120 drawing, and what stands at its ends."""

    bars: tuple[Bar, ...]
    highest: int
    total: int
    first: str
    last: str


def bar_chart(
    columns: Sequence[tuple[str, Sequence[tuple[str, int]]]], texts: Mapping[str, str] = NO_TEXTS
) -> Chart:
    """Columns from left to right; each a label and its parts (kind, value), stacked from below.

    `texts` are what the titles say of a label's value, where that is not the bare number.
    """
    sums = [sum(value for _, value in parts) for _, parts in columns]
    highest = max(sums, default=0)
    step = WIDTH / max(len(columns), 1)
    bars = [
        bar
        for index, (label, parts) in enumerate(columns)
        for bar in _column(
            index * step, step - GAP, label, parts, highest or 1, texts.get(label, "")
        )
    ]
    return Chart(
        tuple(bars), highest, sum(sums), columns[0][0] if columns else "",
        columns[-1][0] if columns else "",
    )  # fmt: skip


def _column(
    x: float, width: float, label: str, parts: Sequence[tuple[str, int]], highest: int, text: str
) -> list[Bar]:
    found, top = [], HEIGHT
    for kind, value in parts:
        height = round(value / highest * HEIGHT, 1)
        top -= height
        if value:
            found.append(
                Bar(round(x, 1), round(top, 1), round(width, 1), height, label, value, kind, text)
            )
    return found
