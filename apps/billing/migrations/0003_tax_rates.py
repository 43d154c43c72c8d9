"""Standard VAT rates of the countries the portal starts with, as data with dates.

Source of the figures: European Commission, VAT rates applied in the member states; Swiss Federal Tax
Administration; UK VAT Act; Korean VAT Act. Reverse charge, exempt, zero and out of scope are 0.
"""

from datetime import date

from django.db import migrations

STANDARD = [
    ("AT", "20", date(1995, 1, 1)), ("BE", "21", date(1996, 1, 1)), ("CH", "7.7", date(2018, 1, 1)),
    ("CH", "8.1", date(2024, 1, 1)), ("CZ", "21", date(2013, 1, 1)), ("DE", "19", date(2007, 1, 1)),
    ("DE", "16", date(2020, 7, 1)), ("DE", "19", date(2021, 1, 1)), ("DK", "25", date(1992, 1, 1)),
    ("ES", "21", date(2012, 9, 1)), ("FI", "24", date(2013, 1, 1)), ("FI", "25.5", date(2024, 9, 1)),
    ("FR", "20", date(2014, 1, 1)), ("GB", "20", date(2011, 1, 4)), ("IE", "23", date(2012, 1, 1)),
    ("IT", "22", date(2013, 10, 1)), ("KR", "10", date(1977, 7, 1)), ("LU", "17", date(2015, 1, 1)),
    ("NL", "21", date(2012, 10, 1)), ("PL", "23", date(2011, 1, 1)), ("PT", "23", date(2011, 1, 1)),
    ("SE", "25", date(1990, 7, 1)), ("US", "0", date(1990, 1, 1)), ("JP", "10", date(2019, 10, 1)),
]


def fill(apps, schema_editor):
    rate = apps.get_model("billing", "TaxRate")
    rate.objects.bulk_create(
        rate(country=country, category="S", percent=percent, valid_from=since)
        for country, percent, since in STANDARD
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_fence")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
