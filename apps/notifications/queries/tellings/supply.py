"""Assets that change hands: offered and answered."""

from uuid import UUID

from apps.events.models import OutboxEvent
from apps.notifications.domain.told import Told
from apps.notifications.queries.tellings.registry import Teller
from apps.supply.models import AssetTransfer
from apps.tenancy.context import current_company


def _transfer(event: OutboxEvent) -> AssetTransfer | None:
    rows = AssetTransfer.objects.select_related("answer")
    found: AssetTransfer | None = rows.filter(pk=UUID(event.payload["transfer"])).first()
    return found


def _told(event: OutboxEvent, row: AssetTransfer, topic: str, message: str) -> list[Told]:
    facts = {"company": event.author.name, "asset": row.asset_label}
    return [Told(topic, message, row.public_id, facts)]


def _offered(event: OutboxEvent) -> list[Told]:
    row = _transfer(event)
    return [] if row is None else _told(event, row, "offers", "asset_offered")


def _answered(event: OutboxEvent) -> list[Told]:
    row = _transfer(event)
    if row is None or row.given is None:
        return []
    return _told(event, row, "agreements", f"asset_{row.given.outcome}")


def _passed(event: OutboxEvent) -> list[Told]:
    """For who bought it; who keeps the passport has nothing to do."""
    row = _transfer(event)
    if row is None or row.buyer_id != current_company().pk:
        return []
    return _told(event, row, "agreements", "asset_yours")


TELLERS: dict[str, Teller] = {
    "supply.offered": _offered,
    "supply.answered": _answered,
    "supply.title_passed": _passed,
}
