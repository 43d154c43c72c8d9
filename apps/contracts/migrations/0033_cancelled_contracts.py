from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("contracts", "0032_refusals")]

    operations = [
        migrations.RemoveConstraint("contract", "contracts_contract_span"),
        migrations.AddConstraint(
            "contract",
            models.CheckConstraint(
                condition=models.Q(("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"),
                name="contracts_contract_span",
            ),
        ),
    ]
