"""Where companies and the flows between them stand in a picture of a value network.

Whole pixels of a canvas that the browser scales. The company with the most flows stands in the
middle of the others' ellipse, so that few lines cross. No more are drawn than have room side by side.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin

WIDTH, HEIGHT = 960, 560
# Few companies need no tall canvas: up to so many, the height.
HEIGHTS = ((3, 200), (5, 420))
BOX_WIDTH, BOX_HEIGHT = 204, 52
KINDS = ("product", "service", "data", "money")
# Flows of one pair run side by side this far apart.
APART = 15
LONGEST_NAME = 27
# Boxes that do not touch on this canvas.
MOST_BOXES = 12


@dataclass(frozen=True, slots=True)
class Node:
    """A company; `roles` in the reader's words."""

    key: int
    name: str
    roles: str


@dataclass(frozen=True, slots=True)
class Flow:
    """One kind of flow from a company to another; `text` says how much of it there was."""

    kind: str
    source: int
    target: int
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A company's rectangle: its upper left corner, and its middle."""

    node: Node
    x: int
    y: int

    @property
    def middle(self) -> tuple[int, int]:
        return self.x + BOX_WIDTH // 2, self.y + BOX_HEIGHT // 2

    @property
    def title(self) -> str:
        """The name as far as the box is wide."""
        name = self.node.name
        return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


@dataclass(frozen=True, slots=True)
class Arrow:
    """A flow as a line from (x1, y1) to (x2, y2), its text at (text_x, text_y)."""

    flow: Flow
    x1: int
    y1: int
    x2: int
    y2: int
    text_x: int
    text_y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """`left_out`: how many companies had no room."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    left_out: int = 0
    height: int = HEIGHT
    width: int = WIDTH


def draw(nodes: Sequence[Node], flows: Sequence[Flow]) -> Drawing:
    """Boxes of the companies with the most flows, and arrows of the flows between two of them."""
    drawn = _busiest(nodes, flows)
    height = next((height for most, height in HEIGHTS if len(drawn) <= most), HEIGHT)
    boxes = {box.node.key: box for box in _placed(drawn, height)}
    known = [flow for flow in flows if flow.source in boxes and flow.target in boxes]
    lanes: dict[frozenset[int], list[Flow]] = {}
    for flow in sorted(known, key=lambda item: KINDS.index(item.kind)):
        if flow.source != flow.target:
            lanes.setdefault(frozenset((flow.source, flow.target)), []).append(flow)
    arrows = [arrow for lane in lanes.values() for arrow in _side_by_side(lane, boxes)]
    return Drawing(tuple(boxes.values()), tuple(arrows), len(nodes) - len(drawn), height)


def _busiest(nodes: Sequence[Node], flows: Sequence[Flow]) -> list[Node]:
    """As many as have room, by how many flows touch each: the busiest first, then in the order given."""
    touched: Counter[int] = Counter()
    for flow in flows:
        touched.update((flow.source, flow.target))
    ranked = sorted(nodes, key=lambda node: -touched[node.key])[:MOST_BOXES]
    kept = {node.key for node in ranked[1:]}
    return [*ranked[:1], *(node for node in nodes if node.key in kept)]


def _placed(nodes: Sequence[Node], height: int) -> list[Box]:
    """The first in the middle, the others on an ellipse from the left, clockwise."""
    if not nodes:
        return []
    hub, *others = nodes
    boxes = [_centred(hub, WIDTH / 2, height / 2)]
    across, along = WIDTH / 2 - BOX_WIDTH / 2 - 4, height / 2 - BOX_HEIGHT / 2 - 4
    for number, node in enumerate(others):
        angle = pi + 2 * pi * number / len(others)
        boxes.append(
            _centred(node, WIDTH / 2 + across * cos(angle), height / 2 + along * sin(angle))
        )
    return boxes


def _centred(node: Node, x: float, y: float) -> Box:
    return Box(node, round(x - BOX_WIDTH / 2), round(y - BOX_HEIGHT / 2))


def _side_by_side(lane: Sequence[Flow], boxes: dict[int, Box]) -> list[Arrow]:
    """The flows of one pair as parallel lines, in one order whichever way each runs."""
    low, high = sorted((lane[0].source, lane[0].target))
    (ax, ay), (bx, by) = boxes[low].middle, boxes[high].middle
    length = hypot(bx - ax, by - ay) or 1.0
    across = ((by - ay) / length, -(bx - ax) / length)
    # However many there are, all of them meet the boxes.
    apart = min(APART, (BOX_HEIGHT - 4) / len(lane))
    # Texts climb with their lines, so that on a slant no two come to lie at one height.
    falls = (bx - ax) * (by - ay) > 0
    arrows = []
    for place, flow in enumerate(lane):
        part = (place + 1) / (len(lane) + 1)
        at = part if falls == (flow.source == high) else 1 - part
        arrows.append(_arrow(flow, boxes, across, apart * (place - (len(lane) - 1) / 2), at))
    return arrows


def _arrow(
    flow: Flow, boxes: dict[int, Box], across: tuple[float, float], aside: float, at: float
) -> Arrow:
    """`at`: the part of its way from source to target where its text stands."""
    dx, dy = across[0] * aside, across[1] * aside
    (ax, ay), (bx, by) = boxes[flow.source].middle, boxes[flow.target].middle
    start = _edge((ax + dx, ay + dy), (bx + dx, by + dy), boxes[flow.source])
    end = _edge((bx + dx, by + dy), (ax + dx, ay + dy), boxes[flow.target])
    text_x, text_y = start[0] + (end[0] - start[0]) * at, start[1] + (end[1] - start[1]) * at
    return Arrow(
        flow, round(start[0]), round(start[1]), round(end[0]), round(end[1]), round(text_x),
        round(text_y),
    )  # fmt: skip


def _edge(
    inside: tuple[float, float], outside: tuple[float, float], box: Box
) -> tuple[float, float]:
    """Where the line from a point within the box leaves it."""
    (x, y), (dx, dy) = inside, (outside[0] - inside[0], outside[1] - inside[1])
    steps = [1.0]
    if dx:
        steps.append((box.x + (BOX_WIDTH if dx > 0 else 0) - x) / dx)
    if dy:
        steps.append((box.y + (BOX_HEIGHT if dy > 0 else 0) - y) / dy)
    step = min(step for step in steps if step >= 0)
    return x + dx * step, y + dy * step
