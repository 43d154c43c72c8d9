"""What both signed stays as signed: terms and items of a contract in force never change."""

from django.db import migrations

TERMS = """
create function contracts_keep_terms() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and (new.state = old.state or new.state = 'ended')
        and (to_jsonb(new) - array['state', 'ends_on']) = (to_jsonb(old) - array['state', 'ends_on'])
    then
        return new;
    end if;
    raise exception 'a contract in force keeps its terms'
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger contracts_contract_terms before update or delete on contracts_contract
    for each row when (old.state in ('active', 'ended')) execute function contracts_keep_terms();
"""
# Rows of the contract that are in force already: a look-up by key for each row written.
ITEMS = """
create function contracts_keep_items() returns trigger language plpgsql as $$
declare
    item contracts_contractitem := case when tg_op = 'INSERT' then new else old end;
begin
    if exists (select from contracts_contract c
            where c.id = item.contract_id and c.state in ('active', 'ended')) then
        raise exception 'a contract in force keeps its items'
            using errcode = 'integrity_constraint_violation';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger contracts_contractitem_kept before insert or update or delete
    on contracts_contractitem for each row execute function contracts_keep_items();
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0003_offers_can_be_withdrawn")]
    operations = [
        migrations.RunSQL(TERMS, migrations.RunSQL.noop),
        migrations.RunSQL(ITEMS, migrations.RunSQL.noop),
    ]
