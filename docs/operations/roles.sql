-- Roles, the two logins, database and extensions; a second run changes nothing but the passwords.
-- psql -v ON_ERROR_STOP=1 -v database=peruse -v web_password=… -v ops_password=… -f roles.sql
-- It says what portal/local/provision.py does for the embedded server.
select format('create role %I nologin nocreatedb nocreaterole', role)
from unnest(array['peruse_owner', 'peruse_app', 'peruse_platform']) as wanted(role)
where not exists (select from pg_roles where rolname = role) \gexec
select format('create role %I login noinherit nocreatedb nocreaterole', role)
from unnest(array['peruse_web', 'peruse_ops']) as wanted(role)
where not exists (select from pg_roles where rolname = role) \gexec
alter role peruse_web password :'web_password';
alter role peruse_ops password :'ops_password';

-- A login gets rights only by SET ROLE; since 16 the grant itself says so.
select format(
    case when current_setting('server_version_num')::int >= 160000
        then 'grant %I to %I with inherit false, set true' else 'grant %I to %I' end, role, login)
from (values ('peruse_app', 'peruse_web'), ('peruse_app', 'peruse_ops'),
    ('peruse_owner', 'peruse_ops'), ('peruse_platform', 'peruse_ops')) as wanted(role, login) \gexec
-- An administrator who is no superuser (a managed server's) must be a member to hand a database over.
select 'grant peruse_owner to current_user' from pg_roles
where rolname = current_user and not rolsuper \gexec

select format('create database %I owner peruse_owner encoding ''UTF8''', :'database')
where not exists (select from pg_database where datname = :'database') \gexec
alter database :"database" owner to peruse_owner;
revoke all on database :"database" from public;
grant connect on database :"database" to peruse_web, peruse_ops;
grant temporary on database :"database" to peruse_app;

\connect :"database"
revoke all on schema public from public;
grant usage on schema public to peruse_owner, peruse_app, peruse_platform;
grant create on schema public to peruse_owner;
create extension if not exists btree_gist schema public;
create extension if not exists pg_trgm schema public;
create extension if not exists citext schema public;
create extension if not exists unaccent schema public;
