"""Networks of a scenario: founded, invited and answered through the same steps people take."""

from collections.abc import Mapping
from datetime import datetime

from apps.blueprints.domain.scenario import MemberPart, NetworkPart
from apps.networks.models import Participation, ValueNetwork
from apps.networks.operations import (
    answer_invitation,
    found_network,
    invite_company,
    note_answer,
    take_role,
)
from apps.tenancy.context import company_context
from apps.tenancy.models import Company

ACTOR = "scenario"


def load_network(
    *, part: NetworkPart, founder: Company, members: Mapping[str, Company], now: datetime
) -> bool:
    """Found the network and bring every member in that is missing. False when all stood already."""
    with company_context(founder):
        rows = ValueNetwork.objects.written_by(founder)
        network = rows.filter(name=part.name).first()
        made = network is None
        if network is None:
            network = found_network(
                name=part.name, purpose=part.purpose, members_meet=part.members_meet, roles=[],
                now=now, actor=ACTOR,
            )  # fmt: skip
    for member in part.members:
        for role in member.roles:
            made |= _bring_in(network, founder, members[member.company], member, role, now)
    return made


def _bring_in(
    network: ValueNetwork, founder: Company, company: Company, member: MemberPart, role: str,
    now: datetime,
) -> bool:  # fmt: skip
    with company_context(founder):
        if company == founder:
            return take_role(network=network, role=role, now=now).joined_at == now
        row = invite_company(network=network, company=company, role=role, now=now, actor=ACTOR)
    if not member.joined or row.state != Participation.State.INVITED:
        return row.invited_at == now
    with company_context(company):
        row = Participation.objects.select_related("network").get(pk=row.pk)
        answer_invitation(participation=row, accepts=True, now=now, actor=ACTOR)
    with company_context(founder):
        return note_answer(participation_id=row.pk, now=now)
