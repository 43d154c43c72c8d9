"""What of settlement holds a company that wants to leave."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import ngettext

from apps.settlement.models import Account
from apps.subscriptions.domain.registry import Hold

OPEN = [
    Account.Purpose.OWED, Account.Purpose.PAYABLE, Account.Purpose.DUE_BACK,
    Account.Purpose.IN_PAYOUT, Account.Purpose.DEPOSIT,
]  # fmt: skip


def open_balances(now: datetime) -> Iterator[Hold]:
    """Shares and deposits, of either side, that are not settled."""
    count = Account.objects.filter(purpose__in=OPEN).exclude(balance_minor=0).count()
    if count:
        text = ngettext(
            "%(n)d balance with a partner is open.", "%(n)d balances with partners are open.", count
        )
        yield Hold(text % {"n": count}, "money_home")
