"""A self-billed document's tax stands in the ledger: who supplies with VAT gets the gross."""

from django.db import migrations, models
from django.db.models import Q

import apps.common.fields

BALANCE = (
    Q(purpose__in=["cost", "owed", "tax"])
    | Q(purpose__in=["payable", "in_payout", "paid"], balance_minor__gte=0)
    | Q(purpose="due_back", balance_minor__lte=0)
)


class Migration(migrations.Migration):
    dependencies = [("settlement", "0010_objections_fence")]
    operations = [
        migrations.AddField(
            "statementline", "tax_minor", apps.common.fields.MinorField(default=0)
        ),
        migrations.AlterField(
            "account",
            "purpose",
            models.CharField(
                max_length=9,
                choices=[
                    ("cost", "shared revenue"), ("tax", "tax of self-billed documents"),
                    ("owed", "recognised, not payable yet"), ("payable", "payable"),
                    ("due_back", "to be given back"), ("in_payout", "being paid out"),
                    ("paid", "paid out"),
                ],
            ),
        ),
        migrations.AlterField(
            "transfer",
            "cause",
            models.CharField(
                max_length=8,
                choices=[
                    ("share", "share"), ("tax", "tax of a self-billed document"),
                    ("payment", "customer's payment"), ("payout", "payout"),
                    ("paid_out", "paid out"), ("failed", "payout returned"),
                ],
            ),
        ),
        migrations.RemoveConstraint("account", "settlement_account_balance"),
        migrations.AddConstraint(
            "account",
            models.CheckConstraint(condition=BALANCE, name="settlement_account_balance"),
        ),
    ]  # fmt: skip
