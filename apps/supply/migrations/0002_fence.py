"""Policies of transfers; what was offered stays, an answer comes in time or not at all."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql

# The author notes how far a transfer is, until it is over.
KEPT = """
create function supply_keep_transfer() returns trigger language plpgsql as $$
declare
    noted text[] := array['state', 'contract_id', 'title_at', 'closed_at'];
begin
    if tg_op = 'UPDATE' and old.closed_at is null and (to_jsonb(new) - noted) = (to_jsonb(old) - noted)
        and (old.contract_id is null or new.contract_id = old.contract_id) then
        return new;
    end if;
    raise exception 'an offered transfer keeps its content'
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger supply_assettransfer_kept before update or delete on supply_assettransfer
    for each row execute function supply_keep_transfer();
"""
# As the owner: the buyer must not lock the seller's row, and yet a withdrawal and an answer are never
# both. Whoever is second waits for the first and sees what it did.
IN_TIME = """
create function supply_answer_in_time() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform from supply_assettransfer
        where id = new.transfer_id and buyer_id = new.author_id and state = 'offered' for update;
    if not found then
        raise exception 'this transfer is not open for an answer'
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger supply_transferanswer_in_time before insert on supply_transferanswer
    for each row execute function supply_answer_in_time();
"""


class Migration(migrations.Migration):
    dependencies = [("supply", "0001_initial"), ("tenancy", "0002_fence")]
    operations = [
        Fence("supply_assettransfer"),
        Fence("supply_transferanswer", index=False, append_only=True),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(IN_TIME, migrations.RunSQL.noop),
        migrations.RunSQL(freeze_sql("supply_transferanswer"), migrations.RunSQL.noop),
    ]
