"""The founder's side: a network, its own roles, invitations, endings."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.operations import publish, record
from apps.networks.events import CompanyInvited
from apps.networks.models import Participation, Role, ValueNetwork
from apps.networks.operations.common import locked, show, tell_ended
from apps.networks.queries import OPEN
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.operations import require_room
from apps.tenancy.context import current_company
from apps.tenancy.models import Company


@transaction.atomic
def found_network(
    *, name: str, purpose: str, members_meet: bool, roles: list[str], now: datetime, actor: Any
) -> ValueNetwork:
    """A network with the roles the founder plays itself. Raises ValidationError by field, and where the
    company's plan has no room for one more."""
    company = current_company()
    require_room(what=Counted.NETWORKS, added=1, now=now)
    if ValueNetwork.objects.filter(author=company, name=name).exists():
        raise ValidationError({"name": _("There is a network of this name already.")})
    network: ValueNetwork = ValueNetwork.objects.create(
        author=company, parties=[company.pk], name=name, purpose=purpose,
        members_meet=members_meet, founder_name=company.name, founded_at=now,
    )  # fmt: skip
    for role in roles:
        take_role(network=network, role=role, now=now)
    record(
        action="network_founded", subject=network.public_id, now=now, actor=actor,
        details={"name": name, "members_meet": members_meet},
    )  # fmt: skip
    return network


@transaction.atomic
def take_role(*, network: ValueNetwork, role: str, now: datetime) -> Participation:
    """A role the founder plays itself; nobody has to accept it. Twice is once."""
    network, company = locked(network.pk), current_company()
    found = _open(network, company, role)
    if found is not None:
        return found
    made: Participation = Participation.objects.create(
        author=company, parties=network.parties, network=network, company=company,
        company_name=company.name, role=_known(role), state=Participation.State.ACTIVE,
        invited_at=now, joined_at=now,
    )  # fmt: skip
    show(network)
    return made


@transaction.atomic
def invite_company(
    *, network: ValueNetwork, company: Company, role: str, now: datetime, actor: Any
) -> Participation:
    """Ask a company to play a role; it answers in its own portal. Twice is once.

    Raises ValidationError for an unknown role.
    """
    network = locked(network.pk)
    if company == current_company():
        return take_role(network=network, role=role, now=now)
    found = _open(network, company, role)
    if found is not None:
        return found
    made: Participation = Participation.objects.create(
        author=network.author, parties=sorted({network.author_id, company.pk}), network=network,
        company=company, company_name=company.name, role=_known(role), invited_at=now,
    )  # fmt: skip
    show(network)
    record(
        action="company_invited", subject=network.public_id, now=now, actor=actor,
        also=[company.pk], details={"company": company.name, "role": role},
    )  # fmt: skip
    event = CompanyInvited(made.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[company.pk])
    return made


@transaction.atomic
def end_participation(*, participation: Participation, now: datetime, actor: Any) -> Participation:
    """The founder takes an invitation back or ends a membership; what was billed stays. Twice is once."""
    network = locked(participation.network_id)
    row: Participation = Participation.objects.get(pk=participation.pk)
    if row.state not in OPEN:
        return row
    joined, seen_by = row.state == Participation.State.ACTIVE, list(row.parties)
    row.state = Participation.State.ENDED if joined else Participation.State.WITHDRAWN
    row.ended_at = now
    row.save(update_fields=["state", "ended_at"])
    show(network)
    record(
        action="participation_ended", subject=network.public_id, now=now, actor=actor,
        also=[row.company_id], details={"company": row.company_name, "role": row.role},
    )  # fmt: skip
    if joined:
        tell_ended(row, seen_by, now)
    return row


def _open(network: ValueNetwork, company: Company, role: str) -> Participation | None:
    rows = Participation.objects.filter(
        author=network.author_id, network=network, company=company, role=role, state__in=OPEN
    )
    found: Participation | None = rows.first()
    return found


def _known(role: str) -> str:
    if role not in Role.values:
        raise ValidationError({"role": _("There is no such role.")})
    return role
