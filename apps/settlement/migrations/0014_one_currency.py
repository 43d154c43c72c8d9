"""A transfer and its two accounts have one currency: their keys refer to both together."""

from django.db import migrations, models

ACCOUNT = "settlement_account"
TRANSFER = "settlement_transfer"


def reference(side: str) -> migrations.RunSQL:
    name = f"{TRANSFER}_{side}_currency"
    return migrations.RunSQL(
        f"alter table {TRANSFER} add constraint {name} foreign key ({side}_id, currency) "
        f"references {ACCOUNT} (id, currency) deferrable initially deferred",
        f"alter table {TRANSFER} drop constraint {name}",
    )


def plain(side: str) -> migrations.AlterField:
    """The reference to the key alone gives way."""
    return migrations.AlterField(
        "transfer", side,
        models.ForeignKey(
            "settlement.account", on_delete=models.PROTECT, related_name=f"{side}s",
            db_constraint=False,
        ),
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("settlement", "0013_deposits_fence")]
    operations = [
        migrations.AddConstraint(
            "account",
            models.UniqueConstraint(fields=["id", "currency"], name="settlement_account_currency"),
        ),
        plain("debit"), plain("credit"), reference("debit"), reference("credit"),
    ]  # fmt: skip
