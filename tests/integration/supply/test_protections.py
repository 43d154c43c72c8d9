"""What the database itself keeps of transfers, and that nothing else does: each act that a protection
refuses goes through where the protection is taken away."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.assets.models import Asset
from apps.common.fields import uuid7
from apps.supply.models import AssetTransfer, TransferAnswer
from apps.supply.operations import withdraw_transfer
from apps.tenancy.context import as_owner, company_context, no_company
from tests.integration.supply.scene import NOW, later, offered, sale

Cast = dict[str, Any]


def second_offer(given: AssetTransfer, cast: Cast) -> None:
    """The seller offers the same asset once more, past the operation that looks first."""
    with company_context(cast["maker"]), transaction.atomic():
        row = AssetTransfer.objects.get(pk=given.pk)
        row.pk, row.buyer, row.price_minor = uuid7(), cast["provider"], 7
        row.parties = sorted([cast["maker"].pk, cast["provider"].pk])
        row.save(force_insert=True)


def late_answer(given: AssetTransfer, cast: Cast) -> None:
    """The buyer accepts what was withdrawn before."""
    with company_context(cast["maker"]):
        withdraw_transfer(transfer_id=given.pk, now=later(1), actor="Otto")
    answer(given, cast["financier"])


def answer_for_the_buyer(given: AssetTransfer, cast: Cast) -> None:
    """The seller says that the buyer has accepted."""
    answer(given, cast["maker"])


def other_price(given: AssetTransfer, cast: Cast) -> None:
    """The seller raises the price of what it has offered."""
    with company_context(cast["maker"]), transaction.atomic():
        assert AssetTransfer.objects.filter(pk=given.pk).update(price_minor=9_999_999) == 1


def answer(given: AssetTransfer, company: Any) -> None:
    with company_context(company), transaction.atomic():
        TransferAnswer.objects.create(
            author=company, parties=given.parties, transfer=given, outcome="accepted",
            answered_by="x", answered_at=NOW,
        )  # fmt: skip


PROTECTIONS: dict[str, tuple[str, str, Callable[[AssetTransfer, Cast], None]]] = {
    "one open offer": (
        "supply_one_open_transfer", "drop index public.supply_one_open_transfer", second_offer
    ),
    "no answer after a withdrawal": (
        "not open for an answer",
        "drop trigger supply_transferanswer_in_time on public.supply_transferanswer", late_answer,
    ),
    "no answer in the buyer's name": (
        "not open for an answer",
        "drop trigger supply_transferanswer_in_time on public.supply_transferanswer",
        answer_for_the_buyer,
    ),
    "an offer keeps its price": (
        "keeps its content",
        "drop trigger supply_assettransfer_kept on public.supply_assettransfer", other_price,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROTECTIONS)
def test_the_database_refuses(name: str, press: Asset, cast: Cast) -> None:
    words, _off, act = PROTECTIONS[name]
    with pytest.raises(DatabaseError, match=words):
        act(offered(cast["maker"], press, sale(cast["financier"])), cast)


@pytest.mark.parametrize("name", PROTECTIONS)
def test_without_the_protection_the_same_act_goes_through(
    name: str, press: Asset, cast: Cast
) -> None:
    """In this test's transaction alone: it is rolled back with the protection's absence."""
    _words, off, act = PROTECTIONS[name]
    given = offered(cast["maker"], press, sale(cast["financier"]))
    with no_company(), as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(off)
    act(given, cast)
