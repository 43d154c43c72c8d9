"""`migrate_schemas` as the owner of the tables, and only where something is missing."""

from typing import Any

from django.core.management.commands import makemigrations
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

from apps.tenancy.context import as_owner
from apps.tenancy.recording import noted_at_once
from apps.tenancy.rendering import one_model_at_a_time
from apps.tenancy.schemas import (
    grant_privileges,
    migrate_schema,
    schemas_behind,
    tenant_labels,
)


class Command(MigrateSchemasCommand):
    """Migrates public, then every company's schema that is behind."""

    autodetector = makemigrations.Command.autodetector

    def handle(self, *args: Any, **options: Any) -> None:
        with one_model_at_a_time(), noted_at_once():
            self.migrate(*args, **options)

    def migrate(self, *args: Any, **options: Any) -> None:
        """All that lack something; one schema or one app where the options name it."""
        grant_privileges()
        if options.get("schema_name") or options.get("app_label"):
            with as_owner():
                super().handle(*args, **options)
            return
        with as_owner():
            super().handle(*args, **{**options, "shared": True, "tenant": False})
        with as_owner():
            behind = schemas_behind(tenant_labels())
        for schema in behind:
            self.stdout.write(f"Migrating {schema}")
            migrate_schema(schema)
