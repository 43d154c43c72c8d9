"""Roles and acts in words."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.networks.models import Role

ACTS: dict[str, Promise] = {
    "network_founded": _("network founded"),
    "company_invited": _("company invited"),
    "participation_ended": _("participation ended"),
    "invitation_accepted": _("invitation accepted"),
    "invitation_declined": _("invitation declined"),
    "invitation_left": _("left the network"),
}


def roles_in_words(roles: Iterable[str]) -> str:
    """“service provider, owner”, in the order roles are listed."""
    played = set(roles)
    return ", ".join(str(label) for role, label in Role.choices if role in played)


def act_in_words(action: str) -> str:
    """What an audit row of a network says happened."""
    return str(ACTS.get(action, action.replace("_", " ")))
