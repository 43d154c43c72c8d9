"""Who drafts a contract sells, who is offered one is a customer, who gets terms has a share."""

from django.db import migrations

# As the owner: a provider's offer is what makes another company a customer.
FOLLOW = """
create function public.contracts_note_sides() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform peruse_note_side(array(select distinct author_id from new_rows), 'provides');
    perform peruse_note_side(
        array(select distinct customer_id from new_rows where state <> 'draft'), 'uses');
    return null;
end $$;
create trigger contracts_contract_sides_new after insert on contracts_contract
    referencing new table as new_rows for each statement execute function contracts_note_sides();
create trigger contracts_contract_sides_changed after update on contracts_contract
    referencing new table as new_rows for each statement execute function contracts_note_sides();

create function public.contracts_note_sharing() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform peruse_note_side(array(select distinct partner_id from new_rows), 'shares');
    return null;
end $$;
create trigger contracts_partnerterms_sides_new after insert on contracts_partnerterms
    referencing new table as new_rows for each statement execute function contracts_note_sharing();

select peruse_note_side(array(select distinct author_id from contracts_contract), 'provides');
select peruse_note_side(
    array(select distinct customer_id from contracts_contract where state <> 'draft'), 'uses');
select peruse_note_side(array(select distinct partner_id from contracts_partnerterms), 'shares');
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0027_data_clause"), ("tenancy", "0005_sides")]
    operations = [migrations.RunSQL(FOLLOW, migrations.RunSQL.noop)]
