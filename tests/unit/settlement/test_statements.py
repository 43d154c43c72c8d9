"""Shares become documents by their sign; each stands on exactly one."""

from hypothesis import given
from hypothesis import strategies as st

from apps.settlement.domain.statements import Kind, line_minor, parts_of

MINORS = st.lists(st.integers(-(10**6), 10**6).filter(bool), max_size=12)


def test_by_sign_under_an_agreement_else_one_advice() -> None:
    assert parts_of([5, -3, 2], int, agreed=True) == [
        (Kind.INVOICE, [5, 2]), (Kind.CREDIT_NOTE, [-3]),
    ]  # fmt: skip
    assert parts_of([5, -3], int, agreed=False) == [(Kind.ADVICE, [5, -3])]
    assert parts_of([], int, agreed=False) == []


@given(MINORS, st.booleans())
def test_every_share_is_on_one_document_and_the_sums_are_theirs(
    minors: list[int], agreed: bool
) -> None:
    parts = parts_of(minors, int, agreed)
    assert sorted(minor for _, part in parts for minor in part) == sorted(minors)
    signs = {Kind.CREDIT_NOTE: -1}
    lines = [(kind, line_minor(kind, minor)) for kind, part in parts for minor in part]
    assert sum(signs.get(kind, 1) * minor for kind, minor in lines) == sum(minors)
    assert all(minor > 0 for kind, minor in lines if kind != Kind.ADVICE)
