"""An offered plan keeps its content; before activation a withdrawal may hide it again."""

from django.db import migrations

KEEP = """
create function contracts_keep_plan() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE'
        and (to_jsonb(new) - 'parties') = (to_jsonb(old) - 'parties')
        and exists (
            select from contracts_contract c
            where c.id = old.contract_id and c.state in ('draft', 'offered'))
    then
        return new;
    end if;
    raise exception 'an offered plan never changes'
        using errcode = 'integrity_constraint_violation';
end $$;
drop trigger contracts_planversion_frozen on contracts_planversion;
create trigger contracts_planversion_frozen before update or delete on contracts_planversion
    for each row when (cardinality(old.parties) > 1) execute function contracts_keep_plan();
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0002_fence")]
    operations = [migrations.RunSQL(KEEP, migrations.RunSQL.noop)]
