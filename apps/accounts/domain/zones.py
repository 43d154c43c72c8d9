"""The time zone a company begins with, by its country; and who knows what keeps it from changing."""

import zoneinfo
from collections.abc import Callable

from babel.core import get_global

# Of countries with several, the one that nearly all live in (CLDR supplemental/metaZones.xml, primaryZones;
# Spain's and Portugal's islands, and what lies apart of the others, name theirs).
_PRIMARY = {
    "CL": "America/Santiago", "CN": "Asia/Shanghai", "DE": "Europe/Berlin",
    "EC": "America/Guayaquil", "ES": "Europe/Madrid", "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland", "PT": "Europe/Lisbon", "UA": "Europe/Kyiv", "UZ": "Asia/Tashkent",
}  # fmt: skip
# Whether something of the current company counts its days in the zone.
Look = Callable[[], bool]
_looks: list[Look] = []


def zone_of_country(country: str) -> str:
    """The zone of a country (ISO 3166); empty where it has several, or none is known."""
    if country in _PRIMARY:
        return _PRIMARY[country]
    zones: list[str] = get_global("territory_zones").get(country, [])
    return zones[0] if len(zones) == 1 and is_zone(zones[0]) else ""


def is_zone(name: str) -> bool:
    """Whether the portal can count in it."""
    return name in zoneinfo.available_timezones()


def counts_in_zone(look: Look) -> Look:
    """Register who looks for contracts, documents and the like."""
    if look not in _looks:
        _looks.append(look)
    return look


def zone_stays() -> bool:
    """Whether the current company's zone changes no more."""
    return any(look() for look in _looks)
