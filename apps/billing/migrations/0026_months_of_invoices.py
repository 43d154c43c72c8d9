"""What a month's pictures add up is found by its month, not among the invoices of years."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0025_waiting")]
    operations = [
        migrations.AddIndex(
            "invoice",
            models.Index(
                fields=["author", "period_start"], condition=models.Q(state="issued"),
                name="billing_invoice_month",
            ),
        ),
    ]  # fmt: skip
