"""Policies of the fence. Within the company each row is one person's alone."""

from django.db import migrations

from apps.tenancy.fence import PERSON_SETTING, Fence

TABLES = ("notifications_mail", "notifications_notification", "notifications_choice")
# Jobs act for the whole company and name no person; a request always names one.
OWN = f"({PERSON_SETTING} is null or person_id = {PERSON_SETTING})"


def of_one_person(table: str) -> list[str]:
    """Restrictive: besides the company's policies, never instead of them."""
    head = f"on {table} as restrictive for"
    return [
        f"create policy {table}_person_read {head} select to peruse_app using ({OWN})",
        f"create policy {table}_person_insert {head} insert to peruse_app with check ({OWN})",
        f"create policy {table}_person_update {head} update to peruse_app "
        f"using ({OWN}) with check ({OWN})",
        f"create policy {table}_person_delete {head} delete to peruse_app using ({OWN})",
    ]


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial"), ("tenancy", "0002_fence")]
    operations = [
        *(Fence(table, index=False) for table in TABLES),
        migrations.RunSQL(
            [line for table in TABLES for line in of_one_person(table)], migrations.RunSQL.noop
        ),
    ]
