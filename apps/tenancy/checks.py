"""What `check --deploy` says about what an installation was not told."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

_NOWHERE = ("console", "locmem", "dummy", "filebased")


@register(Tags.security, deploy=True)
def installation_is_told(app_configs: Any, **_more: Any) -> list[CheckMessage]:
    """Settings whose defaults suit one machine on which somebody tries Peruse."""
    return [
        Warning(f"{name}: {text}", hint="docs/operations/settings.env", id=f"tenancy.W{number:03}")
        for number, (name, text) in _lacking()
    ]


def _lacking() -> Iterator[tuple[int, tuple[str, str]]]:
    """By its number each that is missing: the variable, and what follows without it."""
    database, backend = settings.DATABASES["default"], settings.EMAIL_BACKEND.split(".")
    known = [
        ("PERUSE_DOMAIN", "only this machine opens the portal's addresses.",
         settings.PERUSE_DOMAIN.endswith("localhost")),
        ("PERUSE_EMAIL_BACKEND", "invitations, resets and notifications reach nobody.",
         bool(set(backend) & set(_NOWHERE))),
        ("PERUSE_FILES", "documents and evidence lie in the folder of the program.",
         _is_ours(settings.MEDIA_ROOT)),
        ("PERUSE_AUDIT_HEADS", "the heads of the audit chains lie in the folder of the program.",
         _is_ours(settings.PERUSE_AUDIT_HEADS)),
        ("CELERY_BROKER_URL", "jobs are rung for on this machine alone.",
         not os.environ.get("CELERY_BROKER_URL")),
        ("DATABASE_WEB_URL and DATABASE_OPS_URL", "there is no database server.",
         _is_ours(Path(database["HOST"] or "localhost"))),
    ]  # fmt: skip
    for number, (name, text, is_missing) in enumerate(known, start=1):
        if is_missing:
            yield number, (name, text)


def _is_ours(place: str | Path) -> bool:
    return Path(place).is_relative_to(settings.STATE_DIR)
