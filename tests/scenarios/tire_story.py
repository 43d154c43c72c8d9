"""The story of the moved tire: its companies, trucks, contract and readings, in whatever month.

Truck one and truck two each have a tire of the contract at their front left; truck two's odometer is
412,000 km higher. On the 14th at ten o'clock (UTC) tire A goes from truck one to truck two, where tire B
gives way, and retreaded tire C takes its place on truck one. Truck one sends nothing from the 10th to
the 20th: what it showed at the move is worked out as 23,000 km, until the workshop's tablet says 22,100.

| km | before | after |
| --- | --- | --- |
| tire A, truck one | 23,000 − 18,000 = 5,000 | 22,100 − 18,000 = 4,100 |
| tire A, truck two | 440,000 − 433,000 = 7,000 | 7,000 |
| tire B, truck two | 433,000 − 430,000 = 3,000 | 3,000 |
| tire C, truck one | 30,000 − 23,000 = 7,000 | 30,000 − 22,100 = 7,900 |
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

PROVIDER, CUSTOMER = "rollwerk", "hellweg"
MAKER, OTHER_MAKER, FINANCIER = "kautschuk", "nordreif", "hansalease"
WORKSHOP, PLATFORM = "autohof", "gridline"
PARTNERS = (MAKER, OTHER_MAKER, FINANCIER, WORKSHOP, PLATFORM)
PASSWORD = "a-tire-moves-on-2026"
ZONE = ZoneInfo("Europe/Berlin")

SCENARIO = """
format: 1
companies:
  - {slug: rollwerk, name: Rollwerk Reifenservice GmbH, country: DE, street: Hafenstraße 12,
     postcode: "28217", city: Bremen, vat_id: DE900000102, email: office@rollwerk.example,
     contact_name: Wiebke Ahlers, phone: +49 421 555 0140}
  - {slug: hellweg, name: Spedition Hellweg GmbH, country: DE, street: Rampe 7, postcode: "49078",
     city: Osnabrück, vat_id: DE900000127, email: fuhrpark@hellweg.example, language: de}
  - {slug: kautschuk, name: Kautschuk Werke AG, country: DE, street: Werkring 1, postcode: "70565",
     city: Stuttgart, vat_id: DE900000135, email: service@kautschuk.example}
  - {slug: nordreif, name: Nordreif Reifenwerke GmbH, country: DE, street: Am Vulkan 8,
     postcode: "24143", city: Kiel, vat_id: DE900000151, email: service@nordreif.example}
  - {slug: hansalease, name: Hansa Lease AG, country: DE, street: Speicherweg 20, postcode: "20457",
     city: Hamburg, vat_id: DE900000143, email: assets@hansalease.example}
  - {slug: autohof, name: Autohof Werkstatt KG, country: DE, street: Autohof 3, postcode: "49090",
     city: Osnabrück, vat_id: DE900000169, email: werkstatt@autohof.example}
  - {slug: gridline, name: Gridline Plattform GmbH, country: DE, street: Kaiufer 5,
     postcode: "20457", city: Hamburg, vat_id: DE900000177, email: office@gridline.example}
acquaintances:
  - [rollwerk, hellweg]
  - [rollwerk, kautschuk]
  - [rollwerk, nordreif]
  - [rollwerk, hansalease]
  - [rollwerk, autohof]
  - [rollwerk, gridline]
people:
PEOPLE
asset_types:
  - company: rollwerk
    name: Truck
    positions: ["FL; Front left", "FR; Front right"]
    channels:
      - {code: odometer, title: Odometer, kind: counter, unit: km, max_rate_per_hour: "120"}
  - {company: rollwerk, name: Tire, is_component: true}
assets:
  - {company: rollwerk, type: Truck, name: Truck one, serial: LKW-1, provider: rollwerk, customer: hellweg}
  - {company: rollwerk, type: Truck, name: Truck two, serial: LKW-2, provider: rollwerk, customer: hellweg}
  - {company: rollwerk, type: Tire, name: Tire A, serial: TIRE-A, manufacturer: kautschuk,
     provider: rollwerk, customer: hellweg}
  - {company: rollwerk, type: Tire, name: Tire B, serial: TIRE-B, manufacturer: nordreif,
     provider: rollwerk, customer: hellweg}
  - {company: rollwerk, type: Tire, name: Tire C, serial: TIRE-C, manufacturer: nordreif,
     provider: rollwerk, customer: hellweg}
mountings:
  - {company: rollwerk, component: TIRE-A, host: LKW-1, position: FL, mounted_at: "BEGUN"END}
  - {company: rollwerk, component: TIRE-B, host: LKW-2, position: FL, mounted_at: "BEGUN"END}
MOVES
contracts:
  - provider: rollwerk
    customer: hellweg
    title: Tires by the kilometre
    starts_on: FIRST
    state: active
    items:
      - {asset: TIRE-A, channel: odometer, meter: tire_km, follows_host: true}
      - {asset: TIRE-B, channel: odometer, meter: tire_km, follows_host: true}
      - {asset: TIRE-C, channel: odometer, meter: retread_km, follows_host: true}
    plan:
      name: Tires by the kilometre
      currency: EUR
      charges:
        - {model: per_unit, code: tire_km, title: {en: Tire kilometres, de: Reifenkilometer},
           meter: tire_km, unit: km, unit_price: "0.0497", pooling: each}
        - {model: per_unit, code: retread_km, title: {en: Retread kilometres, de: Kilometer runderneuert},
           meter: retread_km, unit: km, unit_price: "0.0313", pooling: each}
    split:
      label: Tires by the kilometre
      residual: rollwerk
      line_steps:
        - {code: makers, kind: percent, percent: "22", key: tire_km, charges: [tire_km],
           parts: [{party: kautschuk}, {party: nordreif}]}
        - {code: retreading, kind: per_unit, rate: "0.0081", charges: [retread_km],
           parts: [{party: autohof}]}
        - {code: financing, kind: percent, percent: "35", parts: [{party: hansalease}]}
        - {code: platform, kind: percent, percent: "2.5", parts: [{party: gridline}]}
      contract_steps:
        - {code: care, kind: fixed, party: autohof, amount: "45.00"}
      terms:
        - {party: autohof, payable: invoiced}
"""
MOVES = """
  - {company: rollwerk, component: TIRE-A, host: LKW-2, position: FL, mounted_at: "MOVED", mounted_value: "433000"}
  - {company: rollwerk, component: TIRE-C, host: LKW-1, position: FL, mounted_at: "MOVED"}
"""


def text(month: date, *, language: Mapping[str, str] | None = None, is_moved: bool = False) -> str:
    """The scenario file of the month that begins on that day, before the tires move or after.

    People speak English but for those named in `language`.
    """
    people = [
        f"  - {{email: {who}@walk.example, name: {who.replace('.', ' ').title()}, "
        f"company: {who.split('.')[0]}, position: {'finance' if '.' in who else 'director'}, "
        f"language: {(language or {}).get(who, 'en')}, password: {PASSWORD}}}"
        for who in (PROVIDER, f"{PROVIDER}.finance", CUSTOMER, *PARTNERS)
    ]
    words = {
        "MOVES": MOVES if is_moved else "", "END": ', dismounted_at: "MOVED"' if is_moved else "",
        "MOVED": move(month).isoformat(), "BEGUN": begin(month).isoformat(), "FIRST": str(month),
        "PEOPLE": "\n".join(people),
    }  # fmt: skip
    found = SCENARIO
    for word, value in words.items():
        found = found.replace(word, value)
    return found


def begin(month: date) -> datetime:
    """The month's first moment in Berlin."""
    return datetime.combine(month, datetime.min.time(), ZONE)


def after(month: date) -> date:
    """The first day of the month that follows."""
    return (month + timedelta(days=32)).replace(day=1)


def move(month: date) -> datetime:
    return datetime.fromisoformat(f"{month:%Y-%m}-14T10:00:00Z")


def readings(month: date) -> list[tuple[str, datetime, str]]:
    """What the trucks' own units send: (serial, instant, odometer in km)."""
    first, last = begin(month), begin(after(month))
    tenth = datetime.fromisoformat(f"{month:%Y-%m}-10T10:00:00Z")
    return [
        ("LKW-1", first, "18000"), ("LKW-1", tenth, "21000"),
        ("LKW-1", tenth + timedelta(days=10), "26000"), ("LKW-1", last, "30000"),
        ("LKW-2", first, "430000"), ("LKW-2", last, "440000"),
    ]  # fmt: skip


def late_reading(month: date) -> tuple[str, datetime, str]:
    """What the workshop's tablet kept."""
    return "LKW-1", move(month), "22100"


def event(asset: str, at: datetime, value: str) -> dict[str, Any]:
    """A reading of the odometer as the API takes it; `asset`: its public id."""
    return {
        "specversion": "1.0", "id": f"{asset}-{at.isoformat()}", "source": "/truck", "type": "reading",
        "subject": f"{asset}/odometer", "time": at.isoformat(), "data": {"value": value},
    }  # fmt: skip
