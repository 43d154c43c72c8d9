"""Tables whose rows a phone shows as cards.

A card says each value beside its column's name, so every cell carries that name as `data-label`;
portal.css does the rest. Roles keep rows, headers and cells what they are for a screen reader
when CSS shows them as something else.
"""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import chain, repeat

from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe

NOTHING = "–"
# Cells that tell nothing; one whose dash has an id is filled later.
_EMPTY = ("", NOTHING, f'<span class="text-secondary">{NOTHING}</span>')
# So many columns stand side by side on a phone; of a table with more, each row is a card.
MOST_BESIDE = 3

_ROW = re.compile(r"(<tr\b.*?</tr>)", re.DOTALL)
_CELL = re.compile(r"<(t[hd])\b([^>]*)>(.*?)(?=</\1>)", re.DOTALL)
_HIDDEN = re.compile(r'<span class="visually-hidden">.*?</span>', re.DOTALL)
_GROUP = re.compile(r"<(thead|tbody|tfoot)\b")
_OWN_HEAD = re.compile(r'scope="row"|role="rowheader"')


def marks(label: str, shown: str, *, is_head: bool) -> str:
    """Attributes of a body's cell: its role, its column's name, whether a card leaves it out.

    `label` is text as a reader sees it, `shown` the cell's HTML.
    """
    if is_head:
        return ' role="rowheader"'
    named = format_html(' data-label="{}"', label) if label else ""
    return f' role="cell"{named}{" data-empty" if is_empty(shown) else ""}'


def is_empty(shown: str) -> bool:
    """Whether a cell's HTML tells nothing."""
    return shown.strip() in _EMPTY


def carded(html: str) -> SafeString:
    """A table as a template wrote it, with what its cards need; its first row names the columns.

    A card's head is the row's own header, or else its first column with a name. A row with cells
    that span columns, as a sum or a remark has, is no card: it keeps its own words.
    """
    opening, heads, *rest = _ROW.split(html)
    labels = list(_labels(heads))
    opening = opening.replace('<table class="', '<table role="table" class="cards ', 1)
    rows = [_row(part, labels) if part.startswith("<tr") else part for part in rest]
    whole = "".join([opening, _CELL.sub(r'<\1 role="columnheader"\2>\3', heads), *rows])
    whole = _GROUP.sub(r'<\1 role="rowgroup"', whole).replace("<tr", '<tr role="row"')
    return mark_safe(whole)  # noqa: S308 (as it was rendered; labels are escaped)


def _labels(heads: str) -> Iterator[str]:
    """What each column is called; nothing where only a screen reader is told."""
    for _tag, _attributes, inner in _CELL.findall(heads):
        yield " ".join(unescape(strip_tags(_HIDDEN.sub("", inner))).split())


def _row(row: str, labels: Sequence[str]) -> str:
    cells = _CELL.findall(row)
    if "colspan=" in row:
        return _CELL.sub(lambda cell: _opened(cell, _role_of(cell[1], cell[2])), row)
    own = [place for place, cell in enumerate(cells) if _OWN_HEAD.search(cell[1])]
    named = [place for place, label in enumerate(labels) if label]
    head = next(chain(own, named), 0)
    places = enumerate(chain(labels, repeat("")))

    def marked(cell: "re.Match[str]") -> str:
        place, label = next(places)
        return _opened(cell, marks(label, cell[3], is_head=place == head))

    return _CELL.sub(marked, row)


def _role_of(tag: str, attributes: str) -> str:
    return ' role="rowheader"' if tag == "th" and 'scope="row"' in attributes else ' role="cell"'


def _opened(cell: "re.Match[str]", added: str) -> str:
    own = cell[2].replace(' role="rowheader"', "")
    return f"<{cell[1]}{added}{own}>{cell[3]}"
