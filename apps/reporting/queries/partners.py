"""What a partner has with those who run contracts: terms, statements, data, mountings, networks it runs."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from apps.assets.models import Mounting
from apps.assets.queries import held_grants, seen_among, standing_mountings
from apps.common.period import Period
from apps.contracts.models import PartnerTerms
from apps.networks.models import Participation, Role, ValueNetwork
from apps.networks.queries import own_participations
from apps.reporting.queries.field import own_shares
from apps.settlement.models import Statement
from apps.tenancy.context import current_company

SHOWN = 8
RUNNING = (Role.PLATFORM, Role.MARKETPLACE)


def terms_received() -> list[PartnerTerms]:
    """The newest terms offered to the company that were not withdrawn. One query."""
    rows = PartnerTerms.objects.filter(partner=current_company(), withdrawn_at=None)
    return list(rows.select_related("signature")[:SHOWN])


def statements_received() -> list[Statement]:
    """The newest the company got. One query."""
    return list(Statement.objects.filter(partner=current_company())[:SHOWN])


@dataclass(frozen=True, slots=True)
class Mounted:
    """A mounting, and whether the company may open the pages of its two assets."""

    mounting: Mounting
    sees_component: bool
    sees_host: bool


def mountings_lately() -> list[Mounted]:
    """The newest mountings of components and hosts that name the company. Two queries."""
    rows = list(standing_mountings().order_by("-mounted_at", "-id")[:SHOWN])
    seen = seen_among(key for row in rows for key in (row.component_id, row.host_id))
    return [Mounted(row, row.component_id in seen, row.host_id in seen) for row in rows]


@dataclass(frozen=True, slots=True)
class Readable:
    """Assets of one collector whose data the company may read."""

    collector: str
    assets: int


def data_held(now: datetime) -> list[Readable]:
    """By collector, those with most assets first. One query."""
    rows: QuerySet[Any] = held_grants(now).exclude(author=current_company())
    found = rows.order_by().values("author__name").annotate(assets=Count("asset", distinct=True))
    order = ("-assets", "author__name")
    return [Readable(row["author__name"], row["assets"]) for row in found.order_by(*order)[:SHOWN]]


@dataclass(slots=True)
class NetworkRun:
    """A network the company runs as platform or marketplace: companies in it, and its shares there."""

    network: ValueNetwork
    roles: list[str]
    members: int = 0
    invited: int = 0
    income: dict[str, int] = field(default_factory=dict)


def networks_run(month: Period) -> list[NetworkRun]:
    """With what their members are and what a month's periods brought in. Three queries."""
    found: dict[UUID, NetworkRun] = {}
    own = own_participations().filter(state="active", role__in=RUNNING)
    for row in own.order_by("network__name", "role"):
        run = found.setdefault(row.network_id, NetworkRun(row.network, []))
        run.roles.append(row.get_role_display())
    for counts in _members(list(found)):
        run = found[counts["network_id"]]
        run.members, run.invited = counts["members"], counts["invited"]
    for key, currency, minor in _income(list(found), month):
        found[key].income[currency] = minor
    return list(found.values())


def _members(networks: list[UUID]) -> QuerySet[Any, Any]:
    """Companies the own one sees, itself included."""
    rows: QuerySet[Any] = Participation.objects.filter(network__in=networks).order_by()
    return rows.values("network_id").annotate(
        members=Count("company", distinct=True, filter=Q(state="active")),
        invited=Count("company", distinct=True, filter=Q(state="invited")),
    )


def _income(networks: list[UUID], month: Period) -> QuerySet[Any, Any]:
    rows = own_shares(month).filter(terms__network__in=networks).order_by()
    sums = rows.values("terms__network", "currency").annotate(minor=Sum("amount_minor"))
    return sums.values_list("terms__network", "currency", "minor")
