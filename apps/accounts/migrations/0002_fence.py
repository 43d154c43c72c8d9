"""Policies of the fence; a membership is also read by its own person."""

from django.db import migrations

from apps.tenancy.fence import PERSON_SETTING, Fence


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("tenancy", "0002_fence"), ("sessions", "0001_initial")]
    operations = [
        Fence("accounts_membership", platform_writes=True),
        migrations.RunSQL(
            [
                "create policy accounts_membership_own on accounts_membership for select "
                f"to peruse_app using (user_id = {PERSON_SETTING})",
                "grant insert, update on accounts_user to peruse_platform",
                "grant insert, update, delete on django_session to peruse_platform",
            ],
            migrations.RunSQL.noop,
        ),
        Fence("accounts_invitation"),
        Fence("accounts_apikey"),
    ]
