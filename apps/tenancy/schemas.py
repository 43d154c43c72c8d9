"""Schema life cycle: privileges, which schemas are behind, migrating one."""

from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

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


def tenant_migrations(apps: set[str]) -> set[tuple[str, str]]:
    """Names of all migrations on disk of the given app labels."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return {key for key in loader.disk_migrations if key[0] in apps}


def schemas_behind(apps: set[str]) -> list[str]:
    """Schemas of companies that lack a tenant migration, found by one UNION query."""
    names = list(Company.objects.order_by("pk").values_list("schema_name", flat=True))
    wanted = tenant_migrations(apps)
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
