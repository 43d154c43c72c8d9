"""A share as a row: what it comes from, with the price only for whom it is a percentage of."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from apps.common.fields import uuid7
from apps.contracts.domain.split import Split
from apps.contracts.models import PartnerTerms
from apps.settlement.models import SettledPeriod
from apps.settlement.queries.periods import LineKey, PeriodSources
from apps.tenancy.context import current_company


class ShareRow(NamedTuple):
    id: UUID
    author_id: int
    parties: list[int]
    partner_id: int
    settled_id: UUID
    terms_id: UUID | None
    generation: int
    contract_title: str
    provider_name: str
    partner_name: str
    document_id: UUID
    document_number: str
    line_id: UUID | None
    period_start: datetime
    period_end: datetime
    time_zone: str
    step: str
    charge: str
    meter: str
    tier: int
    title: dict[str, str]
    asset_id: UUID | None
    asset_label: str
    service: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    line_net_minor: int | None
    amount_minor: int
    currency: str
    recognised_at: datetime


def share_row(
    settled: SettledPeriod, sources: PeriodSources, key: LineKey, step: str, party: int,
    minor: int, terms: PartnerTerms | None, split: Split, now: datetime,
) -> ShareRow:  # fmt: skip
    """The row of a difference of `minor` for one company, line and step."""
    own = current_company()
    line = _snapshot(sources, key, minor, party == own.pk or split.sees_price(party, key.charge))
    contract = settled.contract
    return ShareRow(
        id=uuid7(), author_id=own.pk, parties=sorted({own.pk, party}), partner_id=party,
        settled_id=settled.id, terms_id=None if terms is None else terms.id,
        generation=settled.generation, contract_title=contract.title if terms is None else terms.title,
        provider_name=contract.provider_name,
        partner_name=own.name if terms is None else terms.partner_name,
        period_start=settled.period_start, period_end=settled.period_end,
        time_zone=contract.time_zone, step=step, charge=key.charge, tier=key.tier,
        service=key.service, amount_minor=minor, currency=settled.currency, recognised_at=now,
        **line,
    )  # fmt: skip


def _snapshot(sources: PeriodSources, key: LineKey, minor: int, with_price: bool) -> dict[str, Any]:
    """The document and line the share comes from; its price and net where they may be seen."""
    if not key.charge:
        document = sources.document_for(minor)
        return {
            "document_id": document.id, "document_number": document.number, "line_id": None,
            "meter": "", "title": {}, "asset_id": None, "asset_label": "", "quantity": None, "unit": "",
            "unit_price": None, "line_net_minor": None,
        }  # fmt: skip
    source = sources.by_key[key]
    line = source.line_for(minor)
    return {
        "document_id": line.invoice_id, "document_number": line.invoice.number,
        "line_id": line.id, "meter": line.meter, "title": line.title, "asset_id": line.asset_id,
        "asset_label": line.asset_label, "quantity": source.quantity, "unit": line.unit,
        "unit_price": line.unit_price if with_price else None,
        "line_net_minor": source.net_minor if with_price else None,
    }  # fmt: skip
