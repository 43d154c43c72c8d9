"""Which tax the customer's lines carry that shares come from."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.billing.models import Invoice, InvoiceLine
from apps.common.period import local_date
from apps.contracts.models import Contract
from apps.settlement.domain.statements import Nature, by_nature
from apps.settlement.models import SettledPeriod, Share
from apps.tenancy.context import current_company

_TAXED = Contract.TaxCategory.STANDARD
_UNTAXED = {"E": Nature.EXEMPT, "O": Nature.OUTSIDE}


@dataclass(frozen=True, slots=True)
class Piece:
    """What of a share is of one nature, in minor units; `part` counts the pieces of a share."""

    share: Share
    part: int
    nature: Nature
    minor: int


@dataclass(slots=True)
class Natures:
    """By line its nature, and by settled period the net of its lines of each."""

    lines: dict[UUID, Nature] = field(default_factory=dict)
    nets: dict[UUID, dict[Nature, int]] = field(default_factory=dict)

    def pieces(self, share: Share) -> list[Piece]:
        """One, but for a sum of a whole period whose lines carry several."""
        if share.line_id is not None:
            nature = self.lines.get(share.line_id, Nature.USUAL)
            return [Piece(share, 0, nature, share.amount_minor)]
        parts = by_nature(share.amount_minor, self.nets.get(share.settled_id, {}))
        return [Piece(share, part, *found) for part, found in enumerate(parts)]


def natures_of(settled_ids: Iterable[UUID], reduced: Any) -> Natures:
    """`reduced(country, day)`: the reduced rate there and then, or None. Two queries."""
    settled = SettledPeriod.objects.filter(id__in=list(settled_ids)).select_related("contract")
    periods = {row.billed_period_id: row for row in settled}
    found = Natures()
    for key, period, category, percent, net, kind in _lines(periods):
        row = periods[period]
        nature = _nature(row, category, percent, reduced)
        found.lines[key] = nature
        nets = found.nets.setdefault(row.id, defaultdict(int))
        nets[nature] += -net if kind == Invoice.Kind.CREDIT_NOTE else net
    return found


def _lines(periods: Iterable[UUID]) -> Iterable[tuple[UUID, UUID, str, Decimal, int, str]]:
    rows = InvoiceLine.objects.filter(
        billed_period__in=list(periods), invoice__state=Invoice.State.ISSUED
    )  # fmt: skip
    return rows.values_list(
        "id", "billed_period_id", "tax_category", "tax_percent", "net_minor", "invoice__kind"
    )


def _nature(settled: SettledPeriod, category: str, percent: Decimal, reduced: Any) -> Nature:
    """A contract without tax has none to name: what is reverse charge stays the usual."""
    if settled.contract.tax_category != _TAXED:
        return Nature.USUAL
    if category in _UNTAXED:
        return _UNTAXED[category]
    day = local_date(settled.last_moment, settled.contract.time_zone)
    is_reduced = percent == reduced(current_company().country, day)
    return Nature.REDUCED if is_reduced else Nature.USUAL
