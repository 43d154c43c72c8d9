"""A company writes its time zone too, as long as nothing counts in it (`accounts.domain.zones`)."""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("apps.tenancy.migrations.0004_own_facts").DESCRIBE
REPLACE = ("create function", "create or replace function")
DESCRIBE = BEFORE.replace(*REPLACE).replace(
    "e_address = left(facts ->> 'e_address', 60)",
    "e_address = left(facts ->> 'e_address', 60),\n"
    "        time_zone = coalesce(left(facts ->> 'time_zone', 64), time_zone)",
)


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0007_erased")]
    operations = [migrations.RunSQL(DESCRIBE, BEFORE.replace(*REPLACE))]
