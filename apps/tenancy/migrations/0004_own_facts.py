"""A company writes what stands on its documents, and nothing else of its row."""

from django.db import migrations, models

# As the owner: the application has no UPDATE of companies. The company is the current one.
DESCRIBE = """
create function public.peruse_describe_company(facts jsonb) returns boolean
language sql security definer set search_path = public, pg_temp as $$
    update public.tenancy_company set
        street = left(facts ->> 'street', 120), postcode = left(facts ->> 'postcode', 20),
        city = left(facts ->> 'city', 80), vat_id = left(facts ->> 'vat_id', 20),
        email = left(facts ->> 'email', 254), tax_number = left(facts ->> 'tax_number', 30),
        register_entry = left(facts ->> 'register_entry', 80),
        contact_name = left(facts ->> 'contact_name', 80), phone = left(facts ->> 'phone', 40),
        language = left(facts ->> 'language', 5), e_address = left(facts ->> 'e_address', 60)
    where id = nullif(current_setting('peruse.company', true), '')::int
    returning true
$$
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0003_what_documents_say")]
    operations = [
        migrations.AddField(
            model_name="company",
            name="e_address",
            field=models.CharField(blank=True, db_default="", default="", max_length=60),
        ),
        migrations.RunSQL(
            [
                DESCRIBE,
                "revoke all on function public.peruse_describe_company(jsonb) from public",
                "grant execute on function public.peruse_describe_company(jsonb) to peruse_app",
            ],
            "drop function public.peruse_describe_company(jsonb)",
        ),
    ]
