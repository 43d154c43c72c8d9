"""A small but complete invoice's evidence, made with the portal's own functions and signed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.common.period import local_days, month_period
from apps.metering.domain.evidence import (
    BilledContract,
    InvoiceFacts,
    MeteredItem,
    TaxedLine,
    build,
    signing_bytes,
    usage_by_meter,
    with_signature,
)
from apps.metering.domain.usage import counter_figures, delta_figures
from apps.pricing.plan import PricePlan, price
from apps.pricing.tax import TaxedNet, document_totals, tax_totals
from apps.pricing.values import ServiceDays
from apps.telemetry.domain.belief import Declaration, LevelRules, Reading, walk

ZONE = "Europe/Berlin"
MARCH = month_period("2026-03", ZONE)
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = PRIVATE_KEY.public_key().public_bytes_raw()

PLAN = PricePlan.from_dict(
    {
        "name": "Pay per kilometre",
        "currency": "EUR",
        "charges": [
            {"code": "base", "model": "flat_fee", "title": "Base", "amount": "49"},
            {
                "code": "km", "model": "per_unit", "title": {"de": "Kilometer", "en": "Distance"},
                "meter": "km", "unit": "km", "unit_price": "0.067",
            },
            {
                "code": "energy", "model": "graduated", "title": "Energy", "meter": "energy",
                "unit": "kW.h", "pooling": "pooled",
                "tiers": [
                    {"up_to": "10", "unit_price": "0.31"},
                    {"up_to": None, "unit_price": "0.27", "flat": "1.5"},
                ],
            },
        ],
    }
)  # fmt: skip


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def counter_item() -> MeteredItem:
    """0 at the end of February; exchanged on the 20th; rolls nothing over."""
    rules = LevelRules("counter", max_rate_per_hour=Decimal(100))
    opening = Reading(datetime(2026, 2, 28, 22, tzinfo=UTC), Decimal("1000.5"))
    raw = [Reading(at(day), Decimal("1000.5") + 3 * day) for day in range(2, 20)]
    raw += [Reading(at(day), Decimal(day)) for day in range(20, 31, 2)]
    declared = [Declaration("exchange", at(20, 6), closing=Decimal("1060"), opening=Decimal(5))]
    stretch = walk(raw, declared, rules, opening)
    readings = [opening, *stretch.believed]
    figures = counter_figures(
        readings, stretch.discontinuities, "km", MARCH, ZONE,
        expected_interval=timedelta(days=1), versions={"km/2026-03-02": 3},
        rules=rules, declarations=declared,
    )  # fmt: skip
    return MeteredItem("km", "ast_1", "Truck 1", MARCH, figures, readings)


def delta_item() -> MeteredItem:
    readings = [Reading(at(day), Decimal("0.35")) for day in range(1, 32)]
    figures = delta_figures(readings, "kW.h", MARCH, ZONE)
    return MeteredItem("energy", "ast_1", "Truck 1", MARCH, figures, readings)


def billed_contract() -> BilledContract:
    items = [counter_item(), delta_item()]
    days = len(local_days(MARCH, ZONE))
    service = ServiceDays(days, days)
    priced = price(PLAN, usage_by_meter(items), service)
    lines = [TaxedLine(line, "S", Decimal(19)) for line in priced.lines]
    return BilledContract("ctr_1", ZONE, MARCH, PLAN, service, items, lines)


def unsigned() -> dict[str, object]:
    contract = billed_contract()
    taxes = tax_totals(
        TaxedNet(line.tax_category, line.tax_rate, line.line.net.minor) for line in contract.lines
    )
    facts = InvoiceFacts("2026-000017", date(2026, 4, 1), "EUR", "Maker GmbH", "Haulier Ltd")
    return build(facts, [contract], taxes, document_totals(taxes))


def signed() -> dict[str, object]:
    document = unsigned()
    return with_signature(document, PRIVATE_KEY.sign(signing_bytes(document)), PUBLIC_KEY)
