"""Many at once: one offer is open, and a withdrawal and an answer are never both."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError

from apps.supply.models import AssetTransfer, TransferAnswer
from apps.supply.operations import accept_transfer, withdraw_transfer
from apps.tenancy.context import company_context
from tests.integration.billing.test_parallel import together
from tests.integration.supply.scene import NOW, later, make_press, offered, sale, terms, work


def test_of_eight_offers_at_once_one_is_open(own_database: str, cast: dict[str, Any]) -> None:
    press = make_press(cast)

    def offer(number: int) -> None:
        buyer = cast["financier"] if number % 2 else cast["provider"]
        with suppress(ValidationError):
            offered(cast["maker"], press, sale(buyer, price_minor=100 + number // 4))

    together(offer)
    with company_context(cast["maker"]):
        assert AssetTransfer.objects.count() == 1


def test_a_withdrawal_and_answers_at_once_have_one_winner(
    own_database: str, cast: dict[str, Any]
) -> None:
    press = make_press(cast)
    for _round in range(4):
        given = offered(cast["maker"], press, terms(cast["financier"], note=str(_round)))
        together(_either(cast, given))
        with company_context(cast["maker"]):
            row = AssetTransfer.objects.get(pk=given.pk)
            answered = TransferAnswer.objects.filter(transfer=row).count()
        assert (row.state, answered) in (("withdrawn", 0), ("offered", 1))
        if answered:
            break
    work(cast, later(1))


def _either(cast: dict[str, Any], given: AssetTransfer) -> Callable[[int], None]:
    def act(number: int) -> None:
        with suppress(ValidationError):
            if number % 2:
                with company_context(cast["financier"]):
                    accept_transfer(transfer_id=given.pk, now=later(1), actor="Berta")
            else:
                with company_context(cast["maker"]):
                    withdraw_transfer(transfer_id=given.pk, now=NOW, actor="Otto")

    return act
