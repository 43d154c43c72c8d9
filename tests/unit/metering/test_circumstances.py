"""The evidence holds what prices depended on, and the verifier prices with it again."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from apps.common.period import local_days
from apps.metering.domain.evidence import (
    BilledContract,
    InvoiceFacts,
    TaxedLine,
    build,
    evidence_text,
    parse_evidence,
    signing_bytes,
    usage_by_meter,
    with_signature,
)
from apps.metering.domain.verification import check
from apps.pricing.circumstances import Circumstances, ContractYear, IndexValue
from apps.pricing.plan import PricePlan, price
from apps.pricing.tax import TaxedNet, document_totals, tax_totals
from apps.pricing.values import ServiceDays
from tests.unit.metering.evidence_case import (
    MARCH,
    PRIVATE_KEY,
    PUBLIC_KEY,
    ZONE,
    counter_item,
    delta_item,
)

INDEX = {"series": "diesel", "base": "100", "weight": "0.4", "high": "1.05"}
PLAN = PricePlan.from_dict(
    {
        "name": "Every circumstance",
        "currency": "EUR",
        "charges": [
            {
                "code": "km", "model": "per_unit", "title": "Distance", "meter": "km",
                "unit": "km", "unit_price": "0.067", "included": "10", "index": INDEX,
            },
            {
                "code": "energy", "model": "volume", "title": "Energy", "meter": "energy",
                "unit": "kW.h", "tiers": [
                    {"up_to": "10", "unit_price": "0.31"}, {"up_to": None, "unit_price": "0.27"},
                ],
            },
            {"code": "toll", "model": "percentage", "title": "Toll", "percent": "3", "of": ["km"]},
            {"code": "least", "model": "minimum", "title": "Minimum", "amount": "20"},
            {"code": "year", "model": "yearly_minimum", "title": "Year", "amount": "500"},
        ],
    }
)  # fmt: skip
AROUND = Circumstances(
    (IndexValue("diesel", "Producer prices, diesel", Decimal("120"), "2026-01", "2026-02-20"),),
    ContractYear(True, ServiceDays(365, 365), {"km": 10000, "least": 2000}),
)


def document() -> dict[str, Any]:
    items, days = [counter_item(), delta_item()], len(local_days(MARCH, ZONE))
    service = ServiceDays(days, days)
    priced = price(PLAN, usage_by_meter(items), service, circumstances=AROUND)
    lines = [TaxedLine(line, "S", Decimal(19)) for line in priced.lines]
    contract = BilledContract(
        "ctr_1", ZONE, MARCH, PLAN, service, items, lines, circumstances=AROUND
    )
    taxes = tax_totals(TaxedNet("S", Decimal(19), line.line.net.minor) for line in lines)
    facts = InvoiceFacts("2026-000018", date(2026, 4, 1), "EUR", "Maker GmbH", "Haulier Ltd")
    return build(facts, [contract], taxes, document_totals(taxes))


def signed(unsigned: dict[str, Any]) -> dict[str, object]:
    whole = with_signature(unsigned, PRIVATE_KEY.sign(signing_bytes(unsigned)), PUBLIC_KEY)
    return parse_evidence(evidence_text(whole))


def test_index_year_and_charges_over_charges_are_computed_again() -> None:
    whole = signed(document())
    nets = [line["net_minor"] for line in whole["contracts"][0]["lines"]]  # type: ignore[index]
    # (84.5 − 10) × 0.067 × 1.05 = 5.241075; 10.85 × 0.27 = 2.9295; 3 % of 5.24
    assert nets == [524, 293, 16, 1167, 36000]
    assert check(whole, PUBLIC_KEY.hex()) == []


def test_a_changed_circumstance_is_found_even_when_signed_again() -> None:
    unsigned = json.loads(json.dumps(document()))
    unsigned["contracts"][0]["circumstances"]["year"]["net_minor"]["km"] = 9999
    found = {item.path for item in check(signed(unsigned), PUBLIC_KEY.hex())}
    assert "contracts/0/circumstances/year/net_minor/km" in found
    assert "contracts/0/lines/4/net_minor" in found
    unsigned["contracts"][0]["circumstances"] = None
    paths = [item.path for item in check(signed(unsigned), PUBLIC_KEY.hex())]
    assert any(path.startswith("contracts/0") for path in paths)
