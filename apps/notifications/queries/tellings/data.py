"""Data asked for, granted and ended; readings that were refused."""

from uuid import UUID

from apps.assets.models import DataGrant, DataRequest, RequestAnswer
from apps.events.models import OutboxEvent
from apps.notifications.domain.told import Told
from apps.notifications.queries.tellings.registry import Teller, from_others, keys, one_or_many
from apps.tenancy.context import current_company


def _request(event: OutboxEvent) -> DataRequest | None:
    found: DataRequest | None = DataRequest.objects.filter(
        pk=UUID(event.payload["request"])
    ).first()
    return found


def _of_request(event: OutboxEvent, row: DataRequest, message: str) -> list[Told]:
    facts = {"company": event.author.name, "asset": row.asset_label}
    return [Told("data", message, row.public_id, facts)]


def _requested(event: OutboxEvent) -> list[Told]:
    row = _request(event)
    return [] if row is None else _of_request(event, row, "data_requested")


def _answered(event: OutboxEvent) -> list[Told]:
    """What the company that published said: its asker took it back, or one of those asked answered."""
    row = _request(event)
    if row is None:
        return []
    if event.author_id == row.author_id:
        return _of_request(event, row, "data_withdrawn")
    answers = RequestAnswer.objects.filter(request=row, author=event.author_id)
    last = answers.order_by("said_at", "id").last()
    return [] if last is None else _of_request(event, row, f"data_{last.kind}")


def _grants_ended(event: OutboxEvent) -> list[Told]:
    """For who could read. The event says that they end; some end later."""
    held = DataGrant.objects.filter(id__in=keys(event.payload["grants"]), grantee=current_company())
    found = list(held)
    facts = {"asset": found[0].asset_label} if len(found) == 1 else {}
    subjects = [row.public_id for row in found]
    return one_or_many("data", "grants_ended", subjects, event.author.name, facts)


def _refused(event: OutboxEvent) -> list[Told]:
    return [Told("readings", "readings_refused", "", {"count": event.payload["count"]})]


TELLERS: dict[str, Teller] = {
    "assets.data_requested": from_others(_requested),
    "assets.request_answered": from_others(_answered),
    "assets.grants_ended": from_others(_grants_ended),
    "telemetry.readings_refused": _refused,
}
