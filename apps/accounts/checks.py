"""What `check --deploy` says about signing in."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def second_factor_is_compulsory(app_configs: Any, **_more: Any) -> list[CheckMessage]:
    """An installation whose directors, finance people and operators need only a password."""
    if settings.PERUSE_MFA:
        return []
    return [
        Warning(
            "PERUSE_MFA=off: directors, finance people and operators of this installation may sign "
            "in with a password alone.",
            hint="Take PERUSE_MFA out of the environment; `off` is for demonstrations.",
            id="accounts.W001",
        )
    ]
