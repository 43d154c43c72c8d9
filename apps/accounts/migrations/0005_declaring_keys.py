"""Keys that declare resets, exchanges and corrections of counters."""

from django.db import migrations, models

SCOPES = [
    ("intake", "send readings"), ("read", "read data"), ("mount", "record mountings"),
    ("declare", "declare resets, exchanges and corrections"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_mounting_keys")]
    operations = [
        migrations.AlterField(
            "apikey", "scope", models.CharField(choices=SCOPES, default="intake", max_length=10)
        ),
    ]
