"""The cast of the tests: six companies that stand in every test database.

Run as a module it writes them into the database of PERUSE_DATABASE (template building).
"""

from datetime import UTC, datetime

SINCE = datetime(2018, 1, 1, tzinfo=UTC)
# (address, name, country, language, zone, currency)
COMPANIES = [
    ("maker", "Maker Maschinenbau GmbH", "DE", "de", "Europe/Berlin", "EUR"),
    ("financier", "Financier Leasing AG", "DE", "de", "Europe/Berlin", "EUR"),
    ("provider", "Provider Services GmbH", "DE", "en", "Europe/Berlin", "EUR"),
    ("customer", "Customer Foods GmbH", "DE", "de", "Europe/Berlin", "EUR"),
    ("workshop", "Workshop KG", "AT", "de", "Europe/Vienna", "EUR"),
    ("stranger", "Stranger Industries Ltd", "GB", "en", "Europe/London", "GBP"),
]
# The stranger knows nobody and must see nothing.
ACQUAINTANCES = [
    ("provider", "customer"),
    ("provider", "maker"),
    ("provider", "financier"),
    ("provider", "workshop"),
    ("maker", "financier"),
]


def write() -> None:
    """Open the companies and make those known to each other who are."""
    from apps.subscriptions.models import Plan
    from apps.subscriptions.operations import agree_plan
    from apps.tenancy.context import company_context
    from apps.tenancy.operations import make_acquaintance, open_company

    made = {
        slug: open_company(
            slug=slug,
            name=name,
            country=country,
            language=language,
            time_zone=zone,
            currency=currency,
            street="Teststraße 1",
            postcode="12345",
            city="Teststadt",
            vat_id=f"{country}123456789",
            email=f"office@{slug}.example",
            now=SINCE,
        )
        for slug, name, country, language, zone, currency in COMPANIES
    }
    for company in made.values():
        with company_context(company):
            agree_plan(plan=Plan.objects.get(pk="network"), now=SINCE)
    for one, other in ACQUAINTANCES:
        with company_context(made[one]):
            make_acquaintance(other=made[other], now=SINCE)


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    write()
