"""Documents made from a seed: every kind, category, currency and reference the portal writes."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from apps.billing.domain.einvoice.document import (
    Document,
    DocumentLine,
    Kind,
    Party,
    Payment,
    Preceding,
    sums_of,
    taxes_of,
)
from apps.common.money import round_half_up
from apps.common.quantity import multiply

SELLER = Party(
    "Nordwind Verdichter AG", "DE", street="Werftstraße 12", postcode="24143", city="Kiel",
    vat_id="DE136695976", tax_number="20/292/01234", legal_id="HRB 4711", endpoint="DE136695976",
    endpoint_scheme="9930", contact_name="Jette Hansen", contact_phone="+49 431 555 010",
    contact_email="billing@nordwind.example",
)  # fmt: skip
BUYERS = {
    "DE": Party(
        "Gießerei Süd GmbH & Co. KG", "DE", street="Industriestraße 7", postcode="70565",
        city="Stuttgart", vat_id="DE129273398", endpoint="DE129273398", endpoint_scheme="9930",
    ),
    "FR": Party(
        "Ateliers Réunis & Cie", "FR", street="12, rue de l'Acier", postcode="69007", city="Lyon",
        vat_id="FR40303265045", endpoint="FR40303265045", endpoint_scheme="9957",
    ),
    "CH": Party("Alpenwerk AG", "CH", street="Bahnhofstrasse 3", postcode="8001", city="Zürich"),
}  # fmt: skip
REASONS = {
    "AE": ("Reverse charge", "VATEX-EU-AE"), "E": ("Exempt under Art. 135", "VATEX-EU-135-1"),
    "G": ("Export outside the EU", "VATEX-EU-G"), "O": ("Not subject to VAT", "VATEX-EU-O"),
    "K": ("Intra-community supply", "VATEX-EU-IC"),
}  # fmt: skip
UNITS = ["km", "h", "L", "m3", "kW.h", "{wash}", "mo", "1", "t.km", "{piece}"]
CASES = ["S", "S7", "mixed", "AE", "E", "Z", "G", "O", "K"]
CURRENCIES = ["EUR", "CHF", "JPY"]


def generated(seed: int) -> Document:
    """The document of a seed; the same always. Kinds, categories and currencies all come up."""
    chance = random.Random(seed)
    case, kind = CASES[seed % len(CASES)], list(Kind)[seed % len(Kind)]
    currency = CURRENCIES[seed % len(CURRENCIES)]
    count = chance.choice([1, 2, 3, 7, 25])
    lines = tuple(_line(chance, position, case, kind, currency) for position in range(1, count + 1))
    if sum(line.net_minor for line in lines) < 0:
        lines = tuple(replace(line, **_upright(line)) for line in lines)
    taxes = taxes_of(lines, reasons=REASONS)
    issued = date(2024, 1, 1) + timedelta(days=chance.randrange(1100))
    document = Document(
        kind=kind, number=f"RE-{issued.year}-{seed:05d}", issued_on=issued, currency=currency,
        seller=_seller(case), buyer=_buyer(case), lines=lines, taxes=taxes,
        sums=sums_of(lines, taxes, paid_minor=chance.choice([0, 0, 100])),
        delivered_on=date(2023, 12, 31), language=chance.choice(["de", "en"]), due_on=issued + timedelta(days=30),
        first_day=date(2023, 12, 1), last_day=date(2023, 12, 31),
        buyer_reference=chance.choice(["", "04011000-12345-34"]),
        order_number=chance.choice(["", "4500017829"]), contract="ctr_0197", project="",
        cost_centre=chance.choice(["", "KST 4711"]),
        delivery_country="FR" if case == "K" else "", notes=("Thank you < & >",),
        payments=(
            Payment("58", "DE02120300000000202051", "BYLADEM1001", "Nordwind", f"RE-{seed}"),
        ),
        payment_terms="30 days net",
    )  # fmt: skip
    if document.is_credit or kind == Kind.CORRECTED:
        document = replace(document, preceding=(Preceding("RE-2023-00001", date(2023, 12, 31)),))
    return document


def _upright(line: DocumentLine) -> dict[str, object]:
    return {"quantity": abs(line.quantity), "net_minor": abs(line.net_minor)}


def _line(
    chance: random.Random, position: int, case: str, kind: str, currency: str
) -> DocumentLine:
    quantity = Decimal(chance.randrange(0, 10**7)).scaleb(-chance.randrange(4))
    if kind == Kind.INVOICE and position > 1 and chance.random() < 0.2:
        quantity = -quantity  # a malus
    # The rules add up in binary floats: beyond 15 digits they are a cent out by themselves.
    price = Decimal(chance.randrange(0, 10**4)).scaleb(-chance.randrange(7))
    net = round_half_up(multiply(quantity, price), currency).minor
    category, percent = _tax(case, position)
    return DocumentLine(
        id=str(position), title=f"Leistung {position} – Fahrkilometer", quantity=quantity,
        unit_price=price, net_minor=net, tax_category=category, tax_percent=percent,
        unit=chance.choice(UNITS), note=chance.choice(["", "Messstelle 7"]),
        asset=chance.choice(["", "LKW 12 (KI-NV 112)"]), first_day=date(2023, 12, 1),
        last_day=date(2023, 12, 31), cost_centre=chance.choice(["", "4711"]),
    )  # fmt: skip


def _tax(case: str, position: int) -> tuple[str, Decimal]:
    if case == "mixed":
        return [("S", Decimal(19)), ("S", Decimal(7)), ("Z", Decimal(0))][position % 3]
    if case.startswith("S"):
        return "S", Decimal(7 if case == "S7" else 19)
    return case, Decimal(0)


def _seller(case: str) -> Party:
    """What is not subject to tax names no VAT id (BR-O-02)."""
    return replace(SELLER, vat_id="", identifier="SUP-1") if case == "O" else SELLER


def _buyer(case: str) -> Party:
    if case in {"AE", "K"}:
        return BUYERS["FR"]
    if case == "G":
        return BUYERS["CH"]
    return replace(BUYERS["DE"], vat_id="") if case == "O" else BUYERS["DE"]
