"""What every write of a network needs: the row under lock, and who sees it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.events.operations import publish
from apps.networks.domain.visibility import parties_of
from apps.networks.events import MemberEnded
from apps.networks.models import Answer, Participation, ValueNetwork
from apps.networks.queries import ACTIVE, OPEN
from apps.tenancy.context import current_company


def locked(network_id: UUID) -> ValueNetwork:
    """The own network, locked until the transaction ends. Raises ValueNetwork.DoesNotExist."""
    rows = ValueNetwork.objects.written_by(current_company()).select_for_update(of=("self",))
    found: ValueNetwork = rows.get(pk=network_id)
    return found


def show(network: ValueNetwork) -> None:
    """Bring who sees the network and its participations up to date, in the founder's company.

    Who was ever a member keeps seeing the network and its own row; who declined keeps its row alone.
    """
    rows = list(Participation.objects.filter(network=network))
    members = {row.company_id for row in rows if row.state == ACTIVE}
    for row in rows:
        row.parties = parties_of(
            founder=network.author_id, company=row.company_id, active=row.state == ACTIVE,
            members=members, members_meet=network.members_meet,
        )  # fmt: skip
    Participation.objects.bulk_update(rows, ["parties"])
    met = {row.company_id for row in rows if row.state in OPEN or row.joined_at}
    network.parties = sorted({network.author_id, *met})
    network.save(update_fields=["parties"])


def last_answer(participation: Participation) -> Answer | None:
    """What the company said last, if anything."""
    found: Answer | None = (
        Answer.objects.filter(participation=participation, author_id=participation.company_id)
        .order_by("said_at", "id")
        .last()
    )
    return found


def tell_ended(row: Participation, seen_by: Iterable[int], now: datetime) -> None:
    """Everybody who saw the member learns that it is none any more in this role."""
    others = Participation.objects.filter(
        network=row.network_id, company=row.company_id, state=ACTIVE
    )
    assert row.ended_at is not None
    event = MemberEnded(
        row.pk, row.network_id, row.company_id, row.ended_at, has_left=not others.exists()
    )
    reached = {row.author_id, row.company_id, *seen_by}
    publish(name=event.name, payload=event.payload, now=now, to=reached)
