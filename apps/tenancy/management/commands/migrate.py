"""`migrate` is `migrate_schemas`: a plain one would miss the companies."""

from apps.tenancy.management.commands.migrate_schemas import Command

__all__ = ["Command"]
