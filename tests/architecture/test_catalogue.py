"""The catalogue law: every shared table is fenced or on the list; unique keys cannot look through.

Unique and foreign keys look through the fence, and ON CONFLICT DO NOTHING drops a row in silence:
hence every unique key of a fenced table is a UUID or contains the author.
"""

from typing import Any

import pytest
from django.db import connection

# Tables of the public schema without a company, each for a reason.
EXEMPT = {
    "tenancy_company": "the tenants themselves, reached through known_companies",
    "tenancy_hostname": "addresses, read before a company is known",
    "accounts_user": "one identity for several companies, reached through known_people",
    "accounts_entrycode": "single-use codes between two hosts",
    "accounts_personact": "changes of people's ways in, found by their person alone; append-only to the portal",
    "accounts_attempt": "counts of tries by hashed key, before anybody is known",
    "usersessions_usersession": "sign-ins of people, found by their person alone",
    "account_emailaddress": "allauth's addresses of people",
    "account_emailconfirmation": "allauth's confirmations",
    "mfa_authenticator": "second factors of people, found by their person alone; secrets sealed",
    "auth_group": "Django's, empty",
    "auth_group_permissions": "Django's, empty",
    "auth_permission": "Django's, of the console",
    "billing_taxexemption": "public texts, read-only to the portal",
    "billing_taxrate": "public figures, read-only to the portal",
    "billing_referencerate": "public figures, read-only to the portal",
    "subscriptions_signup": "companies that do not exist yet, reached by the mailed link alone",
    "subscriptions_certificate": "of companies that are gone, reached by the mailed link alone",
    "subscriptions_plan": "what the platform sells, read-only to the portal",
    "django_content_type": "Django's",
    "django_migrations": "Django's",
    "django_session": "sessions by secret key; the host stands inside and is checked",
    "django_admin_log": "the console's",
    "console_operatorseal": "seals of the operator's audit; no company's role has a right to it",
    "console_operatorcheck": "whether that chain held; no company's role has a right to it",
    "console_operatoract": "the operator's audit; no company's role has a right to it",
}


def rows(query: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()


def shared_tables() -> dict[str, bool]:
    """Table → row-level security on, of the public schema."""
    return dict(
        rows(
            "select relname, relrowsecurity from pg_class c join pg_namespace n on n.oid = "
            "c.relnamespace where n.nspname = 'public' and c.relkind in ('r', 'p')"
        )
    )


def test_every_shared_table_is_fenced_or_on_the_list(db: None) -> None:
    open_tables = {table for table, fenced in shared_tables().items() if not fenced}
    assert open_tables - set(EXEMPT) == set()


def test_the_list_has_no_fenced_table(db: None) -> None:
    fenced = {table for table, on in shared_tables().items() if on}
    assert fenced & set(EXEMPT) == set()


def test_every_fenced_table_has_reading_and_writing_policies(db: None) -> None:
    found: dict[str, set[str]] = {}
    for table, command in rows(
        "select tablename, cmd from pg_policies where schemaname = 'public' "
        "and 'peruse_app' = any(roles)"
    ):
        found.setdefault(table, set()).add(command)
    fenced = {table for table, on in shared_tables().items() if on}
    assert {t for t in fenced if not {"SELECT", "INSERT"} <= found.get(t, set())} == set()
    assert not any("ALL" in commands for commands in found.values())


def test_reading_policies_have_no_sub_select(db: None) -> None:
    for table, text in rows("select tablename, qual from pg_policies where cmd = 'SELECT'"):
        assert "select" not in text.lower(), table


def test_unique_keys_of_fenced_tables_are_uuids_or_contain_the_author(db: None) -> None:
    keys = rows(
        """
        select t.relname, i.relname,
               array_agg(a.attname::text), array_agg(format_type(a.atttypid, null))
        from pg_index x
        join pg_class t on t.oid = x.indrelid and t.relrowsecurity
        join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
        join pg_class i on i.oid = x.indexrelid
        join pg_attribute a on a.attrelid = t.oid and a.attnum = any(x.indkey)
        where x.indisunique group by 1, 2
        """
    )
    loose = [
        (table, index)
        for table, index, columns, types in keys
        if "author_id" not in columns and "uuid" not in types
    ]
    assert loose == []


def test_every_constraint_has_a_name_of_ours_or_djangos(db: None) -> None:
    assert not rows("select conname from pg_constraint where conname like '%%\\_check1'")


def test_all_company_schemas_have_equal_constraints(db: None) -> None:
    query = """
        select n.nspname, array_agg(c.conname::text || pg_get_constraintdef(c.oid) order by 1)
        from pg_constraint c join pg_namespace n on n.oid = c.connamespace
        where n.nspname like 'co\\_%%' group by 1
    """
    shapes = {
        tuple(text.replace(schema, "") for text in sorted(texts))
        for schema, texts in rows(query.replace("order by 1)", ")"))
    }
    assert len(shapes) == 1


def test_no_triggers_in_company_schemas(db: None) -> None:
    query = (
        "select tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n "
        "on n.oid = c.relnamespace where n.nspname like 'co\\_%%' and not t.tgisinternal"
    )
    assert rows(query) == []


def test_no_foreign_key_leaves_a_company_schema(db: None) -> None:
    query = """
        select c.conname from pg_constraint c
        join pg_class a on a.oid = c.conrelid join pg_class b on b.oid = c.confrelid
        where c.contype = 'f' and a.relnamespace <> b.relnamespace
    """
    assert rows(query) == []


def test_the_working_role_owns_nothing_and_cannot_pass(db: None) -> None:
    assert rows("select count(*) from pg_class where relowner = 'peruse_app'::regrole") == [(0,)]
    powers = rows(
        "select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolcanlogin from pg_roles "
        "where rolname in ('peruse_app', 'peruse_platform', 'peruse_owner')"
    )
    assert all(not any(power) for power in powers)


@pytest.mark.parametrize(
    ("login", "allowed"),
    [
        ("peruse_web", {"peruse_app"}),
        ("peruse_ops", {"peruse_app", "peruse_owner", "peruse_platform"}),
    ],
)
def test_what_a_login_may_become(db: None, login: str, allowed: set[str]) -> None:
    memberships = rows(
        "select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.roleid "
        "join pg_roles u on u.oid = m.member where u.rolname = %s",
        login,
    )
    assert {row[0] for row in memberships} == allowed
    assert rows("select rolinherit from pg_roles where rolname = %s", login) == [(False,)]
