"""What a company is in business with others: which pages are its own.

A company may be several of these. They are only ever added: what once ran stays to be looked at.
"""

from collections.abc import Collection
from typing import Any

# Sells by contracts of its own.
PROVIDES = "provides"
# Is somebody's customer.
USES = "uses"
# Makes, owns or serves what others run, and has a share of it.
SHARES = "shares"
# Collects readings of assets that it registered.
COLLECTS = "collects"
# Runs a platform or a marketplace.
RUNS = "runs"

ALL = frozenset({PROVIDES, USES, SHARES, COLLECTS, RUNS})
# A company without any business starts as one that sells and collects.
BEGINNING = frozenset({PROVIDES, COLLECTS})


def sides_of(noted: Collection[str]) -> frozenset[str]:
    """The sides whose pages a company is shown."""
    return frozenset(noted) or BEGINNING


def sides_at(request: Any) -> frozenset[str]:
    """The sides of the company whose portal is asked."""
    company = getattr(request, "company", None)
    return BEGINNING if company is None else sides_of(company.sides)
