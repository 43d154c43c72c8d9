"""The role that a company has joined with says what it is in business with others."""

from django.db import migrations

# As the owner: the founder's portal notes that another company has joined.
FOLLOW = """
create function public.networks_side_of(role text) returns text language sql immutable as $$
    select case role when 'provider' then 'provides' when 'customer' then 'uses'
        when 'platform' then 'runs' when 'marketplace' then 'runs' else 'shares' end
$$;
create function public.networks_note_sides() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare found record;
begin
    for found in select networks_side_of(role) side, array_agg(distinct company_id) companies
        from new_rows where state = 'active' group by 1
    loop
        perform peruse_note_side(found.companies, found.side);
    end loop;
    return null;
end $$;
create trigger networks_participation_sides_new after insert on networks_participation
    referencing new table as new_rows for each statement execute function networks_note_sides();
create trigger networks_participation_sides_changed after update on networks_participation
    referencing new table as new_rows for each statement execute function networks_note_sides();

select peruse_note_side(array_agg(distinct company_id), networks_side_of(role))
    from networks_participation where joined_at is not null group by networks_side_of(role);
"""


class Migration(migrations.Migration):
    dependencies = [("networks", "0003_profiles"), ("tenancy", "0005_sides")]
    operations = [migrations.RunSQL(FOLLOW, migrations.RunSQL.noop)]
