"""A passport says who makes or owns, who serves, who uses, and who collects readings."""

from django.db import migrations

# As the owner: the passport's author names others. Readings change assets all day and no holder: a change
# is looked at only where one of the holders is written.
FOLLOW = """
create function public.assets_note_sides() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform peruse_note_side(array(select distinct author_id from new_rows), 'collects');
    perform peruse_note_side(array(select distinct provider_id from new_rows), 'provides');
    perform peruse_note_side(array(select distinct customer_id from new_rows), 'uses');
    perform peruse_note_side(
        array(select manufacturer_id from new_rows union select owner_id from new_rows
            where owner_id is distinct from provider_id), 'shares');
    return null;
end $$;
create trigger assets_asset_sides_new after insert on assets_asset
    referencing new table as new_rows for each statement execute function assets_note_sides();

create function public.assets_note_holders() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform peruse_note_side(array[new.provider_id], 'provides');
    perform peruse_note_side(array[new.customer_id], 'uses');
    perform peruse_note_side(array[new.manufacturer_id, case when
        new.owner_id is distinct from new.provider_id then new.owner_id end], 'shares');
    return null;
end $$;
create trigger assets_asset_sides_changed
    after update of manufacturer_id, owner_id, provider_id, customer_id on assets_asset
    for each row when ((old.manufacturer_id, old.owner_id, old.provider_id, old.customer_id)
        is distinct from (new.manufacturer_id, new.owner_id, new.provider_id, new.customer_id))
    execute function assets_note_holders();

select peruse_note_side(array(select distinct author_id from assets_asset), 'collects');
select peruse_note_side(array(select distinct provider_id from assets_asset), 'provides');
select peruse_note_side(array(select distinct customer_id from assets_asset), 'uses');
select peruse_note_side(
    array(select manufacturer_id from assets_asset union select owner_id from assets_asset
        where owner_id is distinct from provider_id), 'shares');
"""


class Migration(migrations.Migration):
    dependencies = [("assets", "0008_granted_data_fence"), ("tenancy", "0005_sides")]
    operations = [migrations.RunSQL(FOLLOW, migrations.RunSQL.noop)]
