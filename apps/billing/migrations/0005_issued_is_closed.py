"""Nothing is added to an issued invoice; numbers and signing keys are never taken back."""

from django.db import migrations

from apps.tenancy.fence import freeze_sql

# Once for each statement, however many rows it brings.
CLOSED = """
create function billing_refuse_part_of_issued() returns trigger language plpgsql as $$
begin
    if exists (select from added a join billing_invoice i on i.id = a.invoice_id
            where i.state = 'issued') then
        raise exception '% belongs to an issued invoice and never changes', tg_table_name
            using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;
create trigger billing_invoiceline_closed after insert on billing_invoiceline
    referencing new table as added for each statement
    execute function billing_refuse_part_of_issued();
create trigger billing_invoicetax_closed after insert on billing_invoicetax
    referencing new table as added for each statement
    execute function billing_refuse_part_of_issued();
"""
NUMBERS = """
create function billing_only_forward() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.next_number >= old.next_number and new.series = old.series then
        return new;
    end if;
    raise exception 'numbers of a series are never taken back'
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger billing_numberseries_forward before update or delete on billing_numberseries
    for each row execute function billing_only_forward();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_evidence_files")]
    operations = [
        migrations.RunSQL(CLOSED, migrations.RunSQL.noop),
        migrations.RunSQL(NUMBERS, migrations.RunSQL.noop),
        migrations.RunSQL(freeze_sql("billing_signingkey"), migrations.RunSQL.noop),
    ]
