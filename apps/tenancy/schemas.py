"""Schema life cycle: privileges, which schemas are behind, migrating one."""

from functools import cache
from io import StringIO
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from apps.tenancy.context import as_owner, no_company
from apps.tenancy.models import Company

PRIVILEGES = Path(__file__).parent / "sql" / "privileges.sql"


def grant_privileges() -> None:
    """Default rights of the two working roles on everything the owner will make. Idempotent."""
    with no_company(), as_owner(), connection.cursor() as cursor:
        cursor.execute(PRIVILEGES.read_text())


def migrate_schema(schema_name: str) -> None:
    """Run the tenant applications' migrations in one schema, quietly, as the owner."""
    for label in sorted(tenant_labels()):
        with as_owner():
            call_command(
                "migrate_schemas",
                label,
                schema_name=schema_name,
                verbosity=0,
                interactive=False,
                skip_checks=True,
                stdout=StringIO(),
            )


def tenant_labels() -> set[str]:
    """Labels of the applications whose tables lie in every company's schema."""
    return {name.rsplit(".", 1)[-1] for name in settings.TENANT_APPS}


def shared_labels() -> set[str]:
    """Labels of the product's applications whose tables lie in public."""
    return {name.rsplit(".", 1)[-1] for name in settings.SHARED_APPS if name.startswith("apps.")}


@cache
def migrations_of(label: str) -> frozenset[tuple[str, str]]:
    """Names of an application's migrations. Files are listed, not loaded: a web process that asks
    whether it is current needs no migration's code."""
    folder = Path(apps.get_app_config(label).path) / "migrations"
    return frozenset((label, file.stem) for file in folder.glob("[0-9]*.py"))


def public_lacks() -> set[tuple[str, str]]:
    """The product's migrations that are not applied to public."""
    wanted = frozenset[tuple[str, str]]().union(*map(migrations_of, shared_labels()))
    with connection.cursor() as cursor:
        cursor.execute("select app, name from public.django_migrations")
        return set(wanted) - set(cursor.fetchall())


def schemas_behind(labels: set[str]) -> list[str]:
    """Schemas of companies that lack a tenant migration, found by one UNION query."""
    names = list(Company.objects.order_by("pk").values_list("schema_name", flat=True))
    wanted = {key for label in labels for key in migrations_of(label)}
    standing = _existing_schemas(names)
    applied = _applied_counts([n for n in names if n in standing], wanted)
    return [n for n in names if n in standing and applied.get(n, 0) < len(wanted)]


def _existing_schemas(names: list[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select n.nspname from pg_namespace n join pg_class c on c.relnamespace = n.oid "
            "where n.nspname = any(%s) and c.relname = 'django_migrations'",
            [names],
        )
        return {row[0] for row in cursor.fetchall()}


def _applied_counts(names: list[str], wanted: set[tuple[str, str]]) -> dict[str, int]:
    if not names:
        return {}
    keys = [f"{app}.{name}" for app, name in wanted]
    quote = connection.ops.quote_name
    union = " union all ".join(
        f"select '{name}', count(*) from {quote(name)}.django_migrations "
        f"where app || '.' || name = any(%(keys)s)"
        for name in names
    )
    with connection.cursor() as cursor:
        cursor.execute(union, {"keys": keys})
        return dict(cursor.fetchall())
