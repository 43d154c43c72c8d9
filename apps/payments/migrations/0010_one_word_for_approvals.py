"""A loss names who approved it as every other row of two people does."""

from django.db import migrations, models

TWO_PEOPLE, CONFIRMED = "payments_loss_two_people", "payments_loss_confirmed"


class Migration(migrations.Migration):
    dependencies = [("payments", "0009_losses")]

    operations = [
        migrations.RemoveConstraint("payoutloss", TWO_PEOPLE),
        migrations.RemoveConstraint("payoutloss", CONFIRMED),
        migrations.RenameField("payoutloss", "confirmed_by_id", "approved_by_id"),
        migrations.RenameField("payoutloss", "confirmed_by", "approved_by"),
        migrations.RenameField("payoutloss", "confirmed_at", "approved_at"),
        migrations.AddConstraint(
            "payoutloss",
            models.CheckConstraint(
                condition=models.Q(approved_by_id=None)
                | ~models.Q(approved_by_id=models.F("asked_by_id")),
                name=TWO_PEOPLE,
            ),
        ),
        migrations.AddConstraint(
            "payoutloss",
            models.CheckConstraint(
                condition=models.Q(
                    state="confirmed", approved_by_id__isnull=False, approved_at__isnull=False
                )
                | (~models.Q(state="confirmed") & models.Q(approved_by_id=None)),
                name=CONFIRMED,
            ),
        ),
    ]
