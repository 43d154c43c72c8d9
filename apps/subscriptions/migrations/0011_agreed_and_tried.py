"""Whoever is given a plan by the platform is no longer sponsored; tries of setting a company up are counted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0010_customers_at_the_provider")]
    operations = [
        migrations.AddField("signup", "tries", models.SmallIntegerField(default=0)),
        migrations.AddField("signup", "try_at", models.DateTimeField(null=True)),
        migrations.RunSQL(
            [
                "grant update (ended_at) on subscriptions_sponsorship to peruse_platform",
                "create policy subscriptions_sponsorship_platform_update on subscriptions_sponsorship "
                "for update to peruse_platform using (true) with check (true)",
            ],
            migrations.RunSQL.noop,
        ),
    ]
