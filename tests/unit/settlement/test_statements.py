"""Shares become documents by their sign; each stands on exactly one."""

from hypothesis import given
from hypothesis import strategies as st

from apps.settlement.domain.statements import (
    Kind,
    Nature,
    by_nature,
    line_minor,
    line_taxes,
    parts_of,
)

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


@given(MINORS, st.booleans(), st.integers(0, 10**6))
def test_the_tax_of_any_document_is_on_its_lines(
    minors: list[int], agreed: bool, tax_minor: int
) -> None:
    for kind, part in parts_of(minors, int, agreed):
        tax = 0 if kind == Kind.ADVICE else tax_minor
        taxes = line_taxes([line_minor(kind, minor) for minor in part], tax)
        assert (len(taxes), sum(taxes)) == (len(part), tax)


NETS = st.dictionaries(st.sampled_from(list(Nature)), st.integers(-(10**6), 10**6))


@given(st.integers(-(10**9), 10**9).filter(bool), NETS)
def test_a_sum_of_a_period_on_its_taxes_is_exact_and_symmetric(
    minor: int, nets: dict[Nature, int]
) -> None:
    parts = by_nature(minor, nets)
    assert sum(part for _nature, part in parts) == minor
    assert all(part and (part > 0) == (minor > 0) for _nature, part in parts)
    assert by_nature(-minor, nets) == [(nature, -part) for nature, part in parts]
    names = [nature for nature, _part in parts]
    assert len(names) == len(set(names))
    assert names == [Nature.USUAL] or all(nets[nature] > 0 for nature in names)


def test_by_the_net_of_the_lines() -> None:
    nets = {Nature.USUAL: 10_000, Nature.REDUCED: 369, Nature.EXEMPT: -5}
    assert by_nature(1_000, nets) == [(Nature.USUAL, 964), (Nature.REDUCED, 36)]
    assert by_nature(7, {}) == [(Nature.USUAL, 7)]
