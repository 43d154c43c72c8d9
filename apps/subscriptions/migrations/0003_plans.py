"""The plans an installation begins with, and the largest one, by agreement, for companies that stand."""

from django.db import migrations

# code, place, titles, texts, sold, trial days, fee, per asset, per pack of readings, included assets and readings,
# limits of assets, networks, devices and readings. Amounts in cents a month, without tax.
PLANS = [
    ("participant", 0, "Participant", "Teilnehmer",
     "Takes part in what others run: signs contracts, sees and verifies documents, uploads readings.",
     "Nimmt an dem teil, was andere betreiben: unterschreibt Verträge, sieht und prüft Dokumente, lädt Messwerte hoch.",
     False, 0, 0, 0, 0, None, None, 10, 0, 0, 100_000),
    ("business", 1, "Business", "Business",
     "For a company that bills its own equipment by use.",
     "Für ein Unternehmen, das eigene Geräte nach Nutzung abrechnet.",
     True, 30, 9_900, 200, 100, 25, 1_000_000, 500, 3, 250, 50_000_000),
    ("network", 2, "Network", "Netzwerk",
     "For a company that runs networks of many partners.",
     "Für ein Unternehmen, das Netzwerke vieler Partner betreibt.",
     True, 30, 49_000, 150, 50, 250, 20_000_000, None, None, None, None),
]  # fmt: skip
COLUMNS = (
    "code", "place", "title_en", "title_de", "text_en", "text_de", "is_sold", "trial_days", "fee_minor",
    "asset_fee_minor", "pack_fee_minor", "included_assets", "included_readings", "most_assets",
    "most_networks", "most_devices", "most_readings",
)  # fmt: skip
AGREED = """
insert into subscriptions_subscription (
    id, author_id, parties, plan_id, basis, since, customer_ref, subscription_ref, checkout_ref, status,
    standing, reminders, warned
)
select gen_random_uuid(), id, array[id], 'network', 'agreement', now(), '', '', '', '', 'good', 0, '{}'
from tenancy_company
"""


def write_plans(apps, schema_editor):
    plan = apps.get_model("subscriptions", "Plan")
    for values in PLANS:
        plan.objects.get_or_create(
            code=values[0], defaults={**dict(zip(COLUMNS, values, strict=False)), "currency": "EUR"}
        )


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0002_fence")]
    operations = [
        migrations.RunPython(write_plans, migrations.RunPython.noop),
        migrations.RunSQL(AGREED, migrations.RunSQL.noop),
    ]
