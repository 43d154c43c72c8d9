"""What the provider never answered: later it is asked again, before anybody does it anew."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from apps.payments.models import OnlineDebit, Payout, PayoutBatch, RefundRequest
from apps.payments.models.payouts import Way
from apps.payments.operations.online_debits import send_online
from apps.payments.operations.provider import NoAnswer
from apps.payments.operations.refunding import send_refund
from apps.payments.operations.sending import send_transfer
from apps.tenancy.context import current_company

ASK_AGAIN = "payments.ask_again"
# By then the job of each has ended its own tries.
AFTER = timedelta(minutes=15)


def ask_again(*, now: datetime) -> dict[str, int]:
    """Refunds, debits and transfers whose job gave up in silence: each looks at the provider for
    what bears its id, and is made only where nothing does.

    Returns how many are known now. Ends at the first silence: the rest waits for the next hour.
    """
    known = 0
    for send in _unanswered(now - AFTER):
        try:
            send(now=now)
        except NoAnswer:
            break
        known += 1
    return {"known": known}


def _unanswered(before: datetime) -> Iterator[Callable[..., str]]:
    own = current_company()
    refunds = RefundRequest.objects.written_by(own).filter(
        state=RefundRequest.State.APPROVED, iban="", approved_at__lt=before
    )
    debits = OnlineDebit.objects.written_by(own).filter(
        state=OnlineDebit.State.ASKED, moved_at__lt=before
    )
    payouts = Payout.objects.written_by(own).filter(
        state=Payout.State.APPROVED, batch__state=PayoutBatch.State.SENT,
        batch__method=Way.STRIPE, batch__sent_at__lt=before,
    )  # fmt: skip
    for key in refunds.order_by("id").values_list("pk", flat=True):
        yield partial(send_refund, request_id=key)
    for key in debits.order_by("id").values_list("pk", flat=True):
        yield partial(send_online, debit_id=key)
    for key in payouts.order_by("id").values_list("pk", flat=True):
        yield partial(send_transfer, payout_id=key)
