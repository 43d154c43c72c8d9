"""The platform's worker mails, sets up and forgets sign-ups."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0004_sign_up")]
    operations = [
        migrations.RunSQL(
            "grant update, delete on subscriptions_signup to peruse_platform",
            migrations.RunSQL.noop,
        ),
    ]
