"""What of contracts holds a company that wants to leave, or another time zone."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import ngettext

from apps.contracts.models import Contract
from apps.contracts.queries.refusals import offer_refused
from apps.subscriptions.domain.registry import Hold
from apps.tenancy.context import current_company


def open_contracts(now: datetime) -> Iterator[Hold]:
    """Contracts offered or in force that the current company sees, on either side or as a partner; an
    offer it has refused holds nobody."""
    states = [Contract.State.OFFERED, Contract.State.ACTIVE]
    refused = Contract.objects.filter(
        offer_refused(), customer=current_company(), state=Contract.State.OFFERED
    )
    count = Contract.objects.filter(state__in=states).exclude(pk__in=refused).count()
    if count:
        text = ngettext(
            "%(n)d contract is open: end it.", "%(n)d contracts are open: end them.", count
        )
        yield Hold(text % {"n": count}, "contract_list")


def is_in_business() -> bool:
    """Whether the current company sees a contract that was ever offered, on either side or as a partner.

    Its documents, shares and what became due count their days in the zone of who wrote them.
    """
    return bool(Contract.objects.exclude(state=Contract.State.DRAFT).exists())
