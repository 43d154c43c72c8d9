"""The company's VAT id is shown to the EU's register, where the operator allows it. Nobody waits for that."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from apps.accounts.domain.company_facts import FACTS_CHANGED, is_union_id
from apps.accounts.domain.vies import UNAVAILABLE, Verdict, question, verdict_on, wait_after
from apps.accounts.models import VatCheck
from apps.events.operations import enqueue, publish
from apps.events.operations.posting import Unreachable, fetch
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

KIND = "accounts.check_vat_id"
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


@transaction.atomic
def ask_vat_check(*, now: datetime) -> VatCheck | None:
    """Let a worker ask the register about the current company's id. None where there is nothing to ask.

    What was said of an id that is no longer the company's goes.
    """
    own = Company.objects.get(pk=current_company().pk)
    if not settings.PERUSE_VIES or not is_union_id(own.vat_id):
        VatCheck.objects.filter(author=own).exclude(vat_id=own.vat_id).delete()
        return None
    fresh = {
        "vat_id": own.vat_id, "state": VatCheck.State.WAITING, "asked_at": None, "consultation": "",
        "name": "", "reason": "", "tries": 0, "next_at": now, "parties": [own.pk],
    }  # fmt: skip
    row: VatCheck
    row, _is_new = VatCheck.objects.update_or_create(author=own, defaults=fresh)
    enqueue(kind=KIND, payload={}, now=now, dedupe="vat")
    return row


def check_vat_id(*, now: datetime) -> str:
    """Ask, and note the answer; without one the next try is a job of its own. Returns the state.

    No row is held while the register thinks: an id that was changed meanwhile has a question of its own.
    """
    row = VatCheck.objects.filter(author=current_company()).first()
    if row is None or not settings.PERUSE_VIES:
        return ""
    verdict = _asked(row.vat_id)
    with transaction.atomic():
        rows = VatCheck.objects.select_for_update(of=("self",))
        locked = rows.filter(pk=row.pk, vat_id=row.vat_id).first()
        if locked is None:
            return ""
        _note(locked, verdict, now)
        if verdict.state != UNAVAILABLE:
            publish(name=FACTS_CHANGED, payload={}, now=now)
    return verdict.state


def _asked(vat_id: str) -> Verdict:
    body = question(vat_id, settings.PERUSE_OPERATOR["vat_id"])
    try:
        answer = fetch(url=settings.PERUSE_VIES, headers=HEADERS, body=body)
    except Unreachable as error:
        return Verdict(UNAVAILABLE, reason=str(error.reason)[:60])
    return verdict_on(answer.status, answer.content)


def _note(row: VatCheck, verdict: Verdict, now: datetime) -> None:
    row.state, row.asked_at, row.next_at = verdict.state, now, None
    row.consultation, row.name, row.reason = verdict.consultation, verdict.name, verdict.reason
    if verdict.state == UNAVAILABLE:
        row.tries += 1
        row.next_at = now + wait_after(row.tries)
        enqueue(kind=KIND, payload={}, now=now, dedupe="vat", run_after=row.next_at)
    row.save()
