"""Policies of the fence; an issued invoice with its lines and taxes is frozen."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql

PARTS_FROZEN = """
create function billing_refuse_change_of_issued() returns trigger language plpgsql as $$
begin
    if exists (select from billing_invoice i where i.id = old.invoice_id and i.state = 'issued') then
        raise exception '% belongs to an issued invoice and never changes', tg_table_name
            using errcode = 'integrity_constraint_violation';
    end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;
end $$;
create trigger billing_invoiceline_frozen before update or delete on billing_invoiceline
    for each row execute function billing_refuse_change_of_issued();
create trigger billing_invoicetax_frozen before update or delete on billing_invoicetax
    for each row execute function billing_refuse_change_of_issued();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("tenancy", "0002_fence")]
    operations = [
        Fence("billing_billingrun"),
        Fence("billing_runitem", index=False),
        Fence("billing_numberseries"),
        Fence("billing_invoice"),
        Fence("billing_invoiceline", index=False),
        Fence("billing_invoicetax", index=False),
        Fence("billing_signingkey"),
        migrations.RunSQL(
            [*freeze_sql("billing_invoice", "old.state = 'issued'"), PARTS_FROZEN],
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "revoke insert, update, delete on billing_taxrate from peruse_app",
            migrations.RunSQL.noop,
        ),
    ]
