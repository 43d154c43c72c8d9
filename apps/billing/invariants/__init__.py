"""Every invariant of the books as a check over the whole database.

A check is a generator of findings; none means it holds. Shared checks run as the platform, company
checks inside each company.
"""

from apps.billing.invariants import (
    corrections,
    documents,
    jobs,
    periods,
    readings,
    receivables,
    usage,
)
from apps.billing.invariants.registry import COMPANY_CHECKS, SHARED_CHECKS, Check

__all__ = [
    "COMPANY_CHECKS", "SHARED_CHECKS", "Check", "corrections", "documents", "jobs", "periods", "readings",
    "receivables", "usage",
]  # fmt: skip
