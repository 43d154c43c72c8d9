-- Rights of the working roles on what the owner makes; run as peruse_owner before migrations.
alter default privileges for role peruse_owner grant usage on schemas to peruse_app, peruse_platform;
alter default privileges for role peruse_owner
    grant select, insert, update, delete on tables to peruse_app;
alter default privileges for role peruse_owner grant usage, select on sequences to peruse_app;
alter default privileges for role peruse_owner grant select on tables to peruse_platform;
alter default privileges for role peruse_owner
    grant usage, select on sequences to peruse_platform;

-- One exception: the door by which a company that has left is erased (subscriptions) acts as the owner and names
-- the company; of that one frozen rows may go, and never change.
create or replace function public.peruse_refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_user = 'peruse_owner'
        and current_setting('peruse.erasing', true) = to_jsonb(old) ->> 'author_id' then
        return old;
    end if;
    raise exception '% is frozen: issued documents, usage records and audit rows never change',
        tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
