"""The flow picture: as wide as the sum, in one scale, nothing drawn for nothing."""

from apps.common.sankey import Flow, picture


def test_bars_are_as_tall_as_what_flows_through_them() -> None:
    drawn = picture([Flow("km", "maker", 300), Flow("km", "rest", 600), Flow("base", "rest", 100)])
    sizes = {node.name: node.size for node in drawn.nodes}
    assert sizes == {"km": 900, "base": 100, "maker": 300, "rest": 700}
    heights = {node.name: node.height for node in drawn.nodes}
    assert heights["km"] == 110
    assert heights["maker"] + heights["rest"] == 122
    assert [(band.flow.target, band.tone) for band in drawn.bands] == [
        ("maker", 0), ("rest", 1), ("rest", 1),
    ]  # fmt: skip
    assert all(node.y + node.height <= drawn.height for node in drawn.nodes)


def test_nothing_is_drawn_for_nothing() -> None:
    assert picture([Flow("km", "maker", 0), Flow("km", "rest", -5)]).bands == ()
    assert picture([]).nodes == ()
