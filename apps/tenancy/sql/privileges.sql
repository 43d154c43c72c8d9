-- Rights of the working roles on what the owner makes; run as peruse_owner before migrations.
alter default privileges for role peruse_owner grant usage on schemas to peruse_app, peruse_platform;
alter default privileges for role peruse_owner
    grant select, insert, update, delete on tables to peruse_app;
alter default privileges for role peruse_owner grant usage, select on sequences to peruse_app;
alter default privileges for role peruse_owner grant select on tables to peruse_platform;
alter default privileges for role peruse_owner
    grant usage, select on sequences to peruse_platform;

create or replace function public.peruse_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is frozen: issued documents, usage records and audit rows never change',
        tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
