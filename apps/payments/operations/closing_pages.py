"""Before a document is collected, the provider's pages on which it could still be paid are closed."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.events.operations import enqueue
from apps.payments.models import CheckoutRequest, DebitRun
from apps.payments.operations.provider import Unfitting, ask
from apps.payments.queries.accounts import own_stripe_account
from apps.tenancy.context import current_company

CLOSE = "payments.close_pages"


def begin_page(payee_id: int) -> None:
    """Until the transaction ends, whoever closes the payee's pages waits for the one being made."""
    _lock("pg_advisory_xact_lock_shared", payee_id)


def close_pages(references: Collection[str]) -> set[str]:
    """Nobody pays these documents of the current company at the provider's page any more.

    Which of them was paid there first. Twice is once. Raises ValidationError (NoAnswer of silence).
    """
    payee = current_company()
    # Those begun before the collection was visible are seen now; later ones are refused.
    _lock("pg_advisory_lock", payee.pk)
    _lock("pg_advisory_unlock", payee.pk)
    rows = CheckoutRequest.objects.filter(
        payee=payee, reference__in=references, state=CheckoutRequest.State.OPEN
    ).exclude(session_id="")
    return {row.reference for row in rows.order_by("id") if _is_paid(row.session_id)}


def _is_paid(session_id: str) -> bool:
    """The page is closed at the provider, whose message closes it here; it may have been paid first."""
    try:
        ask(lambda stripe: stripe.v1.checkout.sessions.expire(session_id))
    except Unfitting:
        found = ask(lambda stripe: stripe.v1.checkout.sessions.retrieve(session_id))
        return bool(found.status == "complete")
    return False


def _lock(how: str, payee_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"select {how}(hashtextextended(%s, 0))", [f"payments:pages:{payee_id}"])


def close_later(*, run: DebitRun, now: datetime) -> None:
    """A bank file is made at once; a job closes the pages of its documents after the commit."""
    if own_stripe_account() is not None:
        enqueue(kind=CLOSE, payload={"run": str(run.pk)}, now=now)


def close_pages_of_run(*, run_id: UUID) -> list[str]:
    """Of a run by bank file: the documents that were paid online first, for the job's record."""
    run = DebitRun.objects.written_by(current_company()).get(pk=run_id)
    return sorted(close_pages(run.debits.values_list("reference", flat=True)))
