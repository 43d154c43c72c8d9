"""Reads of networks and roles, of the current company."""

from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from apps.networks.models import Answer, CompanyProfile, Participation, ValueNetwork
from apps.tenancy.context import current_company

ACTIVE = Participation.State.ACTIVE
OPEN = (Participation.State.INVITED, ACTIVE)


def visible_networks() -> QuerySet[ValueNetwork]:
    """Networks founded, joined, or asked to join, with `member_count` of those seen."""
    members = Count("members__company", filter=Q(members__state=ACTIVE), distinct=True)
    rows: QuerySet[ValueNetwork] = ValueNetwork.objects.annotate(member_count=members)
    return rows


def members_of(network: ValueNetwork) -> QuerySet[Participation]:
    """Participations seen by the current company, by name and role, with their company's `slug`."""
    rows: QuerySet[Participation] = Participation.objects.filter(network=network)
    return rows.order_by("company_name", "role", "id").annotate(slug=F("company__slug"))


def own_participations() -> QuerySet[Participation]:
    """In which networks the current company plays which role, ended ones too."""
    rows: QuerySet[Participation] = Participation.objects.filter(company=current_company())
    return rows.select_related("network")


def invitations_waiting() -> QuerySet[Participation]:
    """Invitations to the current company that it has not answered."""
    answered = Answer.objects.filter(author=current_company()).values("participation_id")
    rows = own_participations().filter(state=Participation.State.INVITED)
    return rows.exclude(pk__in=answered).exclude(author=current_company())


def roles_played() -> frozenset[str]:
    """The roles the current company plays now in any network."""
    return frozenset(own_participations().filter(state=ACTIVE).values_list("role", flat=True))


def member_companies(network_id: UUID) -> set[int]:
    """Keys of the companies that are members now, of those the current company sees."""
    rows = Participation.objects.filter(network_id=network_id, state=ACTIVE)
    return set(rows.values_list("company_id", flat=True))


def invited_or_member(network_id: UUID) -> set[int]:
    """The same with companies that are asked and have not answered."""
    rows = Participation.objects.filter(network_id=network_id, state__in=OPEN)
    return set(rows.values_list("company_id", flat=True))


def networks_of_member() -> QuerySet[ValueNetwork]:
    """Networks in which the current company plays a role now."""
    played = own_participations().filter(state=ACTIVE).order_by().values("network")
    rows: QuerySet[ValueNetwork] = ValueNetwork.objects.filter(pk__in=played)
    return rows


def is_last_role(participation: Participation) -> bool:
    """Whether its company, as far as seen, is no member any more once this role has ended."""
    others = Participation.objects.filter(
        network=participation.network_id, company=participation.company_id, state=ACTIVE
    )
    return not others.exclude(pk=participation.pk).exists()


def has_left(network_id: UUID) -> bool:
    """Whether the current company was a member of a network and is none any more."""
    own = Participation.objects.filter(network_id=network_id, company=current_company())
    states = set(own.filter(joined_at__isnull=False).values_list("state", flat=True))
    return Participation.State.ENDED in states and ACTIVE not in states


def profile_of(company_id: int) -> CompanyProfile | None:
    """What a company tells the current one about itself; None where it tells nothing."""
    found: CompanyProfile | None = CompanyProfile.objects.filter(author=company_id).first()
    return found


def roles_of(company_id: int) -> list[Participation]:
    """The roles a company plays now in networks, as far as the current company sees."""
    rows = Participation.objects.filter(company=company_id, state=ACTIVE)
    return list(rows.select_related("network").order_by("network__name", "role"))


def networks_run(since: datetime) -> int:
    """Networks the current company founded, apart from those everybody has left: what its plan counts."""
    rows = ValueNetwork.objects.filter(author=current_company())
    return int(rows.filter(Q(members__state__in=OPEN) | Q(members=None)).distinct().count())
