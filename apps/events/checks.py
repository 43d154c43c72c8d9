"""What `check --deploy` says where the heads of the audit chains cannot be kept."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def heads_can_be_kept(app_configs: Any, **_more: Any) -> list[CheckMessage]:
    """The platform's worker replaces the file each minute, so it must be able to write its folder.

    Only that process is asked: to no other the folder need be there.
    """
    path = Path(settings.PERUSE_AUDIT_HEADS)
    if not settings.PERUSE_KEEPS_HEADS or _can_write(path.parent):
        return []
    return [
        Error(
            f"PERUSE_AUDIT_HEADS: {path.parent} cannot be written. Audit rows are sealed, and nothing "
            "outside the database says what their seals were.",
            hint="Name a file on a volume of the platform's worker: docs/operations/README.md.",
            id="events.E001",
        )
    ]


def _can_write(folder: Path) -> bool:
    """It, or where it would be made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
