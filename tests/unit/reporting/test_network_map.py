"""The picture of a network: everything inside the canvas, nothing on top of each other."""

from itertools import combinations, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.reporting.domain.network_map import (
    BOX_HEIGHT,
    BOX_WIDTH,
    HEIGHT,
    KINDS,
    MOST_BOXES,
    WIDTH,
    Box,
    Flow,
    Node,
    draw,
)

TEXT_HEIGHT = 12


def nodes(count: int) -> list[Node]:
    return [Node(key, f"Company {key}", "customer") for key in range(1, count + 1)]


def overlap(one: Box, other: Box) -> bool:
    return abs(one.x - other.x) < BOX_WIDTH and abs(one.y - other.y) < BOX_HEIGHT


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, MOST_BOXES])
def test_boxes_lie_in_the_canvas_and_apart(count: int) -> None:
    drawing = draw(nodes(count), [])
    boxes = drawing.boxes
    assert len(boxes) == count
    for box in boxes:
        assert 0 <= box.x <= WIDTH - BOX_WIDTH
        assert 0 <= box.y <= drawing.height - BOX_HEIGHT
    assert not [pair for pair in combinations(boxes, 2) if overlap(*pair)]


def test_the_company_with_most_flows_stands_in_the_middle() -> None:
    flows = [Flow("money", 1, 3, ""), Flow("data", 3, 2, ""), Flow("service", 3, 4, "")]
    drawing = draw(nodes(4), flows)
    first = drawing.boxes[0]
    assert first.node.key == 3
    assert first.middle == (WIDTH // 2, drawing.height // 2)


def test_few_companies_need_no_tall_canvas() -> None:
    heights = [draw(nodes(count), []).height for count in (3, 5, 6)]
    assert heights == sorted(set(heights))
    assert heights[-1] == HEIGHT


def test_flows_of_a_pair_run_side_by_side_whichever_way_they_run() -> None:
    flows = [Flow("service", 1, 2, "a"), Flow("money", 2, 1, "b")]
    one, other = draw(nodes(2), flows).arrows
    assert (one.flow.kind, other.flow.kind) == ("service", "money")
    assert (one.y1, one.y2) != (other.y1, other.y2)
    assert one.x1 == other.x2
    assert one.x2 == other.x1


@pytest.mark.parametrize("count", range(2, MOST_BOXES + 1))
def test_texts_of_a_pair_stand_at_different_heights(count: int) -> None:
    """Whichever way the flows run, and wherever the two companies stand."""
    for other, ways in product(range(2, count + 1), product((False, True), repeat=3)):
        pairs = [(other, 1) if way else (1, other) for way in ways]
        flows = [Flow(kind, *pair, "x") for kind, pair in zip(KINDS[1:], pairs, strict=True)]
        arrows = draw(nodes(count), flows).arrows
        heights = sorted(arrow.text_y for arrow in arrows)
        assert min(b - a for a, b in pairwise(heights)) >= TEXT_HEIGHT, (other, ways)


def test_flows_to_companies_that_are_not_seen_or_to_itself_are_left_out() -> None:
    assert draw(nodes(2), [Flow("money", 1, 9, ""), Flow("money", 2, 2, "")]).arrows == ()


def test_nobody_is_an_empty_picture() -> None:
    drawing = draw([], [])
    assert (drawing.boxes, drawing.arrows) == ((), ())


def test_a_long_name_is_cut_to_the_box() -> None:
    box = draw([Node(1, "Vereinigte Maschinenfabriken Nord", "")], []).boxes[0]
    assert box.title == "Vereinigte Maschinenfabrik…"


@given(st.integers(2, 12), st.data())
def test_arrows_end_at_the_edges_of_boxes(count: int, data: st.DataObject) -> None:
    key = st.integers(1, count)
    flows = data.draw(st.lists(st.builds(Flow, st.sampled_from(KINDS), key, key, st.just("x"))))
    drawing = draw(nodes(count), flows)
    boxes = {box.node.key: box for box in drawing.boxes}
    for arrow in drawing.arrows:
        source, target = boxes[arrow.flow.source], boxes[arrow.flow.target]
        for x, y, box in ((arrow.x1, arrow.y1, source), (arrow.x2, arrow.y2, target)):
            assert box.x - 1 <= x <= box.x + BOX_WIDTH + 1
            assert box.y - 1 <= y <= box.y + BOX_HEIGHT + 1


def test_only_as_many_are_drawn_as_have_room_and_they_are_the_busiest() -> None:
    many = nodes(40)
    flows = [Flow("money", key, 40, "") for key in range(20, 38)]
    drawing = draw(many, flows)
    drawn = [box.node.key for box in drawing.boxes]
    assert drawn == [40, *range(20, 20 + MOST_BOXES - 1)]
    assert drawing.left_out == 40 - MOST_BOXES
    assert len(drawing.arrows) == MOST_BOXES - 1
    assert not [pair for pair in combinations(drawing.boxes, 2) if overlap(*pair)]
