"""What every write of a network needs: the row under lock, and who sees it."""

from uuid import UUID

from apps.networks.domain.visibility import parties_of
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
