"""Bars of a chart stand on the ground, side by side, the highest as high as the chart."""

from apps.console.domain.charts import HEIGHT, WIDTH, bar_chart


def test_the_highest_column_fills_the_height() -> None:
    chart = bar_chart([("a", [("x", 5)]), ("b", [("x", 10)])])
    first, second = chart.bars
    assert (second.y, second.height) == (0.0, HEIGHT)
    assert first.height == HEIGHT / 2
    assert first.y == HEIGHT / 2
    assert second.x + second.width <= WIDTH
    assert (chart.highest, chart.total, chart.first, chart.last) == (10, 15, "a", "b")


def test_parts_are_stacked_and_empty_ones_left_out() -> None:
    chart = bar_chart([("a", [("done", 3), ("parked", 1)]), ("b", [("done", 0), ("parked", 0)])])
    done, parked = chart.bars
    assert done.y == HEIGHT - done.height
    assert parked.y + parked.height == done.y
    assert (done.kind, parked.kind) == ("done", "parked")


def test_nothing_is_drawn_of_nothing() -> None:
    assert bar_chart([]).bars == ()
    assert bar_chart([("a", [("x", 0)])]).bars == ()
