"""A person's word on a refused item, and on a reading that is not believed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.events.operations import record
from apps.telemetry.models import Declaration, Disbelief, RefusedItem
from apps.telemetry.operations.declaring import declare, person_of
from apps.telemetry.operations.intake import take_in
from apps.telemetry.operations.judgement import Outcome
from apps.telemetry.operations.quarantine import item_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one refused item: released, discarded, refused again, or already decided."""

    item: RefusedItem
    status: str
    reason: str = ""
    params: dict[str, Any] | None = None


def judge_refused(
    *, items: Sequence[RefusedItem], release: bool, by: Any, now: datetime
) -> list[Verdict]:
    """Release (take in again from what was sent) or discard refused items.

    An item that is refused again stays open, and its verdict says why. Deciding twice is harmless.
    """
    return [_judge(item.pk, release, by, now) for item in items]


def _judge(key: uuid.UUID, release: bool, by: Any, now: datetime) -> Verdict:
    with transaction.atomic():
        item = RefusedItem.objects.select_for_update().get(pk=key)
        if item.state != RefusedItem.State.OPEN:
            return Verdict(item, "already")
        if not release:
            return _decided(item, RefusedItem.State.DISCARDED, by, now)
        outcome = _taken_again(item, now)
        if outcome.status not in ("accepted", "duplicate"):
            return Verdict(item, "refused", outcome.reason, dict(outcome.params))
        return _decided(item, RefusedItem.State.RELEASED, by, now)


def _taken_again(item: RefusedItem, now: datetime) -> Outcome:
    sent = item_of(item)
    if sent is None:
        reason = "bad_form" if item.raw else "raw_not_kept"
        return Outcome(item.position, "refused", reason, dict(item.params))
    return take_in(items=[sent], source=item.source, now=now)[0]


def _decided(item: RefusedItem, state: str, by: Any, now: datetime) -> Verdict:
    item.state, item.decided_by, item.decided_at = state, str(by)[:200], now
    item.save(update_fields=["state", "decided_by", "decided_at"])
    record(
        action=f"telemetry.item_{state}",
        now=now,
        subject=item.public_id,
        actor=person_of(by),
        details={"reason": item.reason, "source": item.source, "sha256": item.raw_sha256},
    )
    return Verdict(item, state)


def judge_disbelief(
    *, disbelief: Disbelief, believe: bool, reason: str, by: Any, now: datetime
) -> Declaration:
    """Say that a reading is right although no rule believes it, or wrong for good."""
    kind = Declaration.Kind.BELIEVE if believe else Declaration.Kind.DISBELIEVE
    key = disbelief.event_key
    return declare(
        channel=disbelief.channel,
        kind=kind,
        measured_at=disbelief.measured_at,
        reason=reason,
        by=by,
        now=now,
        event_key=None if key is None else bytes(key),
    )
