"""Reduced rates of countries that have a general one; others ask the platform to add theirs.

Where a country has several, this is the one of its general list, not the lowest. Compared with public
tables of the rates in force in 2025 (vat-solutions.com, "VAT rates 2025 in the European Union",
Switzerland included; before 2014 the European Commission's table as quoted by regfollower.com):
AT 10 and 13, BE 6 and 12, CH 2.6, CZ 12, DE 7, ES 10, FR 5.5 and 10, IT 5 and 10, NL 9, PL 5 and 8.
Japan: 8 since October 2019 (vatcalc.com, "Japan raises Consumption Tax to 10%").
"""

from datetime import date

from django.db import migrations

REDUCED = [
    ("AT", "10", date(1984, 1, 1)), ("BE", "6", date(2000, 1, 1)), ("CH", "2.5", date(2018, 1, 1)),
    ("CH", "2.6", date(2024, 1, 1)), ("CZ", "12", date(2024, 1, 1)), ("DE", "7", date(2007, 1, 1)),
    ("DE", "5", date(2020, 7, 1)), ("DE", "7", date(2021, 1, 1)), ("ES", "10", date(2012, 9, 1)),
    ("FR", "5.5", date(2014, 1, 1)), ("IT", "10", date(2013, 10, 1)), ("JP", "8", date(2019, 10, 1)),
    ("NL", "9", date(2019, 1, 1)), ("PL", "8", date(2011, 1, 1)),
]


def fill(apps, schema_editor):
    rate = apps.get_model("billing", "TaxRate")
    rate.objects.bulk_create(
        rate(country=country, category="AA", percent=percent, valid_from=since)
        for country, percent, since in REDUCED
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0021_late_charges")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
