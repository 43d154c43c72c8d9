"""What is counted on each visit of a home page is found by what still waits, not among all that was."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0024_archives")]
    operations = [
        migrations.AddIndex(
            "receivable",
            models.Index(
                fields=["author", "due_on"], condition=models.Q(open_minor__gt=0),
                name="billing_receivable_late",
            ),
        ),
        migrations.AddIndex(
            "receivable",
            models.Index(
                fields=["customer", "due_on"], condition=models.Q(open_minor__gt=0),
                name="billing_receivable_to_pay",
            ),
        ),
        migrations.AddIndex(
            "incomingdocument",
            models.Index(
                fields=["author"], condition=models.Q(state="received"),
                name="billing_incoming_undecided",
            ),
        ),
    ]  # fmt: skip
