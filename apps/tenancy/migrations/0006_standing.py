"""A company's row says what its subscription lets it do: every request reads that row anyway."""

from django.db import migrations, models

# For a trigger of subscriptions, which acts as the owner.
NOTE = """
create function public.peruse_note_standing(company int, noted text) returns void
language sql set search_path = public, pg_temp as $$
    update public.tenancy_company set standing = noted where id = company and standing <> noted
$$
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0005_sides")]
    operations = [
        migrations.AddField(
            model_name="company",
            name="standing",
            field=models.CharField(db_default="good", default="good", max_length=9),
        ),
        migrations.RunSQL(
            [NOTE, "revoke all on function public.peruse_note_standing(int, text) from public"],
            "drop function public.peruse_note_standing(int, text)",
        ),
    ]
