"""What a database is like: forms, rights and rows, as sets that two databases can be compared by."""

import re
from collections.abc import Iterator
from typing import Any

from psycopg import Connection

SCHEMAS = "nspname !~ '^(pg_|information_schema$)'"
# Written out with every name's schema: the search path decides what PostgreSQL leaves away.
FORMS = {
    "columns": "select c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), "
    "a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid) "
    "from pg_attribute a join pg_class c on c.oid = a.attrelid "
    "join pg_namespace n on n.oid = c.relnamespace "
    "left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum) "
    f"where a.attnum > 0 and not a.attisdropped and {SCHEMAS}",
    "constraints": "select conrelid::regclass::text, conname, pg_get_constraintdef(c.oid), "
    f"convalidated from pg_constraint c join pg_namespace n on n.oid = c.connamespace where {SCHEMAS}",
    "indexes": "select schemaname, tablename, indexname, indexdef from pg_indexes "
    "where schemaname !~ '^(pg_|information_schema$)'",
    "policies": "select schemaname, tablename, policyname, permissive, cmd, roles::text, qual, with_check "
    "from pg_policies",
    "triggers": "select tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(t.oid) "
    "from pg_trigger t where not tgisinternal",
    "functions": "select pronamespace::regnamespace::text, proname, pg_get_functiondef(p.oid), "
    "proowner::regrole::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace "
    f"where {SCHEMAS} and p.prokind <> 'a' and not exists "
    "(select from pg_depend d where d.objid = p.oid and d.deptype = 'e')",
    "tables": "select c.oid::regclass::text, relkind, relrowsecurity, relforcerowsecurity, "
    "relowner::regrole::text, reloptions::text from pg_class c join pg_namespace n on n.oid = c.relnamespace "
    f"where {SCHEMAS}",
    "rights": "select c.oid::regclass::text, coalesce(r.rolname, 'public'), x.privilege_type "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
    "cross join aclexplode(coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::\"char\", "
    "relowner))) x left join pg_roles r on r.oid = x.grantee "
    f"where {SCHEMAS} and relkind in ('r', 'p', 'S', 'v')",
    "rights on functions": "select p.oid::regprocedure::text, coalesce(r.rolname, 'public'), x.privilege_type "
    "from pg_proc p join pg_namespace n on n.oid = p.pronamespace "
    "cross join aclexplode(coalesce(proacl, acldefault('f', proowner))) x "
    f"left join pg_roles r on r.oid = x.grantee where {SCHEMAS} "
    "and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')",
    "rights on schemas": "select nspname, nspowner::regrole::text, coalesce(r.rolname, 'public'), "
    "x.privilege_type from pg_namespace n cross join aclexplode(coalesce(nspacl, acldefault('n', nspowner))) x "
    f"left join pg_roles r on r.oid = x.grantee where {SCHEMAS}",
    "rights to come": "select defaclrole::regrole::text, defaclobjtype, x.grantee::regrole::text, "
    "x.privilege_type from pg_default_acl cross join aclexplode(defaclacl) x",
    "sequences": "select schemaname, sequencename, last_value, increment_by from pg_sequences",
}


CAST_OF_LIST = re.compile(r"\(ARRAY\[([^\]]*)\]\)::text\[\]")
Group = list[Any]  # texts, and groups that stood in brackets


def read_again(text: str) -> str:
    """The text of a condition as PostgreSQL writes it once it has read it.

    What Python or a migration wrote and what a backup wrote are the same condition as two trees:
    `state in ('a', 'b')` casts the whole list, and read again each element; of `(a or b) or c`, or a
    comparison of rows, one level is left. From the second reading on nothing moves any more.
    """
    text = CAST_OF_LIST.sub(
        lambda found: (
            "ARRAY[" + ", ".join(f"({item})::text" for item in found[1].split(", ")) + "]"
        ),
        text,
    )
    return written(grouped(iter(re.split(r"([()])", text))))


def grouped(words: Iterator[str]) -> Group:
    found: Group = []
    for word in words:
        if word == ")":
            break
        if word == "(":
            inner = grouped(words)
            # Brackets around brackets say nothing.
            found.append(inner[0] if len(inner) == 1 and isinstance(inner[0], list) else inner)
        elif word:
            found.append(word)
    return flat(found)


def flat(group: Group) -> Group:
    """`(a or b) or c` as `a or b or c`, and so with `and`."""
    joint = joint_of(group)
    parts = [part if joint and joint_of(part) == joint else [part] for part in group]
    return [item for part in parts for item in part]


def joint_of(group: Any) -> str:
    """OR or AND where the group is nothing but groups joined by it."""
    words = {word for word in group if isinstance(word, str)} if isinstance(group, list) else set()
    return words.pop() if len(words) == 1 and words <= {" OR ", " AND "} else ""


def written(group: Group) -> str:
    return "".join(item if isinstance(item, str) else f"({written(item)})" for item in group)


def forms(server: Connection) -> dict[str, set[tuple[str, ...]]]:
    """What the database is like beside its rows.

    Sets: neither the order of rows nor that in which rights were given means anything.
    """
    server.execute("set search_path = pg_catalog")
    return {
        name: {
            tuple(read_again(str(value)) for value in row)
            for row in server.execute(question).fetchall()
        }
        for name, question in FORMS.items()
    }


def rows_of(server: Connection) -> dict[str, str]:
    """By table a digest of its rows, whatever their order."""
    server.execute("set search_path = pg_catalog")
    tables = server.execute(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        f"where c.relkind = 'r' and {SCHEMAS}"
    ).fetchall()
    question = "select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) from {} t"
    return {name: one(server, question.format(name)) for (name,) in tables}


def one(server: Connection, question: str) -> str:
    row = server.execute(question).fetchone()
    assert row is not None
    return str(row[0])
