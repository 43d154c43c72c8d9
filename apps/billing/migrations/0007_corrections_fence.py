"""Corrections are fenced and frozen once issued; credit notes never exceed what they correct.

Statement triggers look at all new rows of an INSERT at once: a run that writes a thousand invoices
asks each question once.
"""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql

REFUSALS = """
create function billing_refuse_excess_of_line() returns trigger language plpgsql as $$
begin
    if not exists (select from new_rows where corrects_id is not null) then
        return null;
    end if;
    -- Two credits of one line wait for each other here.
    perform from billing_invoiceline where id in (select corrects_id from new_rows)
        order by id for update;
    if exists (
        select from billing_invoiceline original
        where original.id in (select corrects_id from new_rows)
          and greatest(original.net_minor, 0) < (
            select coalesce(sum(credit.net_minor), 0) from billing_invoiceline credit
            join billing_invoice i on i.id = credit.invoice_id and i.kind = 'credit'
            where credit.corrects_id = original.id))
    then
        raise exception 'a credit note takes more from a line than it has'
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;
create trigger billing_invoiceline_credit_new after insert on billing_invoiceline
    referencing new table as new_rows for each statement
    execute function billing_refuse_excess_of_line();
create trigger billing_invoiceline_credit_changed after update on billing_invoiceline
    referencing new table as new_rows for each statement
    execute function billing_refuse_excess_of_line();

create function billing_refuse_excess_of_invoice() returns trigger language plpgsql as $$
begin
    if not exists (select from new_rows where kind = 'credit') then
        return null;
    end if;
    perform from billing_invoice where id in (select corrects_id from new_rows)
        order by id for update;
    if exists (
        select from billing_invoice original
        where original.id in (select corrects_id from new_rows)
          and original.net_minor + (
            select coalesce(sum(
                case when d.kind = 'credit' then -d.net_minor else d.net_minor end), 0)
            from billing_invoice d where d.corrects_id = original.id) < 0)
    then
        raise exception 'credit notes take more from an invoice than it has'
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;
create trigger billing_invoice_credit_new after insert on billing_invoice
    referencing new table as new_rows for each statement
    execute function billing_refuse_excess_of_invoice();
create trigger billing_invoice_credit_changed after update on billing_invoice
    referencing new table as new_rows for each statement
    execute function billing_refuse_excess_of_invoice();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_corrections")]
    operations = [
        Fence("billing_correction"),
        migrations.RunSQL(
            freeze_sql("billing_correction", "old.state = 'issued'"), migrations.RunSQL.noop
        ),
        migrations.RunSQL(REFUSALS, migrations.RunSQL.noop),
    ]
