"""Geometry of a flow picture of two columns: from where, to whom, as wide as the sum."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

WIDTH, NODE_WIDTH, GAP, ROW = 820, 12, 14, 34
# Beside both columns there is room for a name of 24 letters and a sum.
LEFT, RIGHT = 270, 530


@dataclass(frozen=True, slots=True)
class Flow:
    """A sum above zero from a source to a target, both by name."""

    source: str
    target: str
    size: int


@dataclass(frozen=True, slots=True)
class Node:
    """A bar with its name beside it; `size` is what flows through it."""

    name: str
    x: int
    y: int
    height: int
    size: int
    is_source: bool

    @property
    def text_x(self) -> int:
        return self.x - 8 if self.is_source else self.x + NODE_WIDTH + 8

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Band:
    """A flow as the path of its outline; `tone` counts the targets from 0."""

    path: str
    flow: Flow
    tone: int


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    nodes: tuple[Node, ...]
    bands: tuple[Band, ...]


def picture(flows: Sequence[Flow]) -> Picture:
    """Sources at the left, targets at the right, each in the order it is first named."""
    flows = [flow for flow in flows if flow.size > 0]
    sources = list(dict.fromkeys(flow.source for flow in flows))
    targets = list(dict.fromkeys(flow.target for flow in flows))
    rows = max(len(sources), len(targets), 1)
    tall = rows * ROW * 2
    total = sum(flow.size for flow in flows) or 1
    scale = Fraction(tall - GAP * (rows - 1), total)
    left = _column(sources, {n: _through(flows, n, "source") for n in sources}, LEFT, scale, True)
    right = _column(
        targets, {n: _through(flows, n, "target") for n in targets}, RIGHT, scale, False
    )
    bands = _bands(flows, left, right, scale)
    nodes = (*left.values(), *right.values())
    height = max((node.y + node.height for node in nodes), default=0)
    return Picture(WIDTH, height + 8, nodes, tuple(bands))


def _through(flows: Sequence[Flow], name: str, side: str) -> int:
    return sum(flow.size for flow in flows if getattr(flow, side) == name)


def _column(
    names: Sequence[str], sizes: dict[str, int], x: int, scale: Fraction, is_source: bool
) -> dict[str, Node]:
    nodes, y = {}, 4
    for name in names:
        height = max(round(sizes[name] * scale), 1)
        nodes[name] = Node(name, x, y, height, sizes[name], is_source)
        # A thin bar keeps the room its text needs.
        y += max(height, 22) + GAP
    return nodes


def _bands(
    flows: Sequence[Flow], left: dict[str, Node], right: dict[str, Node], scale: Fraction
) -> list[Band]:
    filled: dict[tuple[str, bool], Fraction] = {}
    tones = {name: tone for tone, name in enumerate(right)}
    bands = []
    for flow in flows:
        thick = flow.size * scale
        starts = filled.get((flow.source, True), Fraction(0))
        ends = filled.get((flow.target, False), Fraction(0))
        filled[flow.source, True] = starts + thick
        filled[flow.target, False] = ends + thick
        path = _path(left[flow.source].y + starts, right[flow.target].y + ends, thick)
        bands.append(Band(path, flow, tones[flow.target]))
    return bands


def _path(start: Fraction, end: Fraction, thick: Fraction) -> str:
    x0, x1 = LEFT + NODE_WIDTH, RIGHT
    bend = (x0 + x1) // 2
    top = f"M{x0},{_at(start)} C{bend},{_at(start)} {bend},{_at(end)} {x1},{_at(end)}"
    low, deep = start + thick, end + thick
    return f"{top} L{x1},{_at(deep)} C{bend},{_at(deep)} {bend},{_at(low)} {x0},{_at(low)} Z"


def _at(place: Fraction) -> str:
    """To a tenth of a pixel."""
    tenths = round(place * 10)
    return f"{tenths // 10}.{tenths % 10}"
