"""A company's row says what it is in business with others: every page reads that row anyway."""

import django.contrib.postgres.fields
from django.db import migrations, models

# For triggers of other tables, which act as the owner. An update that finds nothing to add locks nothing.
NOTE = """
create function public.peruse_note_side(companies int[], noted text) returns void
language sql set search_path = public, pg_temp as $$
    update public.tenancy_company set sides = sides || noted::varchar
    where id = any(companies) and noted <> all(sides)
$$
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0004_own_facts")]
    operations = [
        migrations.AddField(
            model_name="company",
            name="sides",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=8),
                blank=True,
                db_default=[],
                default=list,
                size=None,
            ),
        ),
        migrations.RunSQL(
            [NOTE, "revoke all on function public.peruse_note_side(int[], text) from public"],
            "drop function public.peruse_note_side(int[], text)",
        ),
    ]
