"""A table's cells say their column, so that a phone can show a row as a card."""

import re

import pytest
from django.template import Context, Template

from apps.common.cards import carded

TABLE = """<table class="table">
  <thead><tr><th scope="col"><span class="visually-hidden">Send</span></th><th scope="col">Name &amp; "number"</th><th scope="col" class="text-end">Use <code>kWh</code></th><th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>
  <tbody><tr class="late"><td><input type="checkbox"></td><td class="whole">RE-1</td><td>{use}</td><td><a class="btn">Open</a></td></tr>
  <tr><td colspan="4">One more stands in the original.</td></tr></tbody>
  <tfoot><tr><th scope="row" colspan="2">Sum</th><td>7</td><td></td></tr></tfoot>
</table>"""


def cells(html: str, tag: str = "td") -> list[str]:
    return re.findall(rf"<{tag}\b[^>]*>", html)


def test_each_cell_says_its_column() -> None:
    found = cells(carded(TABLE.format(use="7")))
    assert found[:4] == [
        '<td role="cell">', '<td role="rowheader" class="whole">',
        '<td role="cell" data-label="Use kWh">', '<td role="cell">',
    ]  # fmt: skip


@pytest.mark.parametrize("nothing", ["", "–", " – ", '<span class="text-secondary">–</span>'])
def test_a_cell_that_tells_nothing_is_left_out(nothing: str) -> None:
    assert 'data-label="Use kWh" data-empty>' in carded(TABLE.format(use=nothing))


@pytest.mark.parametrize("something", ["0", "-", '<span id="used-1">–</span>'])
def test_a_cell_that_tells_something_stays(something: str) -> None:
    assert "data-empty" not in carded(TABLE.format(use=something))


def test_roles_outlive_another_display() -> None:
    html = carded(TABLE)
    assert '<table role="table" class="cards table">' in html
    assert len(re.findall(r'<t(?:head|body|foot) role="rowgroup"', html)) == 3
    assert len(re.findall(r'<tr role="row"', html)) == 4
    assert len(re.findall(r'<th role="columnheader"', html)) == 4
    assert '<th role="rowheader" scope="row" colspan="2">Sum' in html


def test_a_row_with_spanning_cells_is_no_card() -> None:
    html = carded(TABLE)
    assert '<td role="cell" colspan="4">One more' in html
    assert "data-label" not in html[html.index("One more") :]


def test_a_template_may_choose_the_head() -> None:
    chosen = TABLE.replace("<td>{use}", '<td role="rowheader">{use}')
    assert cells(carded(chosen))[1:3] == [
        '<td role="cell" data-label="Name &amp; &quot;number&quot;" class="whole">',
        '<td role="rowheader">',
    ]


def test_the_tag_escapes_as_a_page_does() -> None:
    source = "{% load portal %}{% cards %}" + TABLE.format(use="{{ use }}") + "{% endcards %}"
    html = Template(source).render(Context({"use": "</td><script>"}))
    assert "&lt;/td&gt;&lt;script&gt;" in html
