"""Transfers: offered by the owner, answered by the buyer, and who is the owner from when on."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from apps.assets.domain.facts import AssetFacts
from apps.assets.models import Asset, LifecycleAct, OwnershipHold, Purchase
from apps.assets.operations import change_asset
from apps.assets.queries import retired_on
from apps.billing.models import Invoice, Receivable
from apps.contracts.models import Contract
from apps.events.models import OutboxEvent
from apps.supply.events import TitlePassed
from apps.supply.models import AssetTransfer, TransferAnswer
from apps.supply.operations import (
    accept_transfer,
    note_title,
    refuse_transfer,
    settle_answer,
    sign_sale,
    withdraw_transfer,
)
from apps.tenancy.context import company_context
from tests.integration.supply.scene import (
    BILLED,
    NOW,
    PRICE,
    REGISTERED,
    invoiced,
    later,
    offered,
    owners,
    pay,
    sale,
    terms,
    work,
)


def accept(cast: dict[str, Any], transfer: AssetTransfer, at: Any, *defects: str) -> None:
    with company_context(transfer.buyer):
        for _twice in range(2):
            accept_transfer(transfer_id=transfer.pk, defects=defects, now=at, actor="Berta")
    work(cast, at)


def state_of(transfer: AssetTransfer) -> str:
    with company_context(transfer.author):
        return str(AssetTransfer.objects.get(pk=transfer.pk).state)


def test_a_gift_changes_the_owner_on_acceptance(press: Asset, cast: dict[str, Any]) -> None:
    given = offered(cast["maker"], press, terms(cast["financier"], warranty_months=12))
    accept(cast, given, later(1))
    assert owners(cast, press) == [
        ("maker", REGISTERED, later(1)), ("financier", later(1), None),
    ]  # fmt: skip
    with company_context(cast["financier"]):
        seen = Asset.objects.get()
        assert (seen.owner_id, seen.warranty_from, seen.warranty_until) == (
            cast["financier"].pk, date(2026, 10, 15), date(2027, 10, 14),
        )  # fmt: skip
        assert [row.kind for row in LifecycleAct.objects.all()] == ["handed_over"]
        assert not Purchase.objects.exists()
        assert not Contract.objects.exists()
    assert state_of(given) == "done"
    with company_context(cast["maker"]):
        assert not OwnershipHold.objects.exists()


def test_a_longer_warranty_stays_with_the_asset(press: Asset, cast: dict[str, Any]) -> None:
    until = date(2030, 1, 31)
    with company_context(press.author):
        Asset.objects.filter(pk=press.pk).update(
            warranty_from=date(2026, 1, 1), warranty_until=until
        )
    accept(
        cast, offered(cast["maker"], press, terms(cast["financier"], warranty_months=3)), later(1)
    )
    with company_context(cast["financier"]):
        assert Asset.objects.get().warranty_until == until


def test_a_sale_is_a_contract_that_the_run_bills_and_title_passes_with_payment(
    press: Asset, cast: dict[str, Any]
) -> None:
    maker, financier = cast["maker"], cast["financier"]
    sold = offered(maker, press, sale(financier, title_on="payment", warranty_months=24))
    accept(cast, sold, later(1), "Scratch on the left", "  ", "Manual is missing")
    with company_context(financier):
        answer = TransferAnswer.objects.get()
        assert (answer.outcome, answer.defects) == (
            "defects", ["Scratch on the left", "Manual is missing"],
        )  # fmt: skip
        contract = Contract.objects.get()
        assert (contract.state, contract.is_one_off, contract.author) == ("active", True, maker)
    assert state_of(sold) == "accepted"
    [invoice] = invoiced(maker)
    assert invoice.net_minor == PRICE
    pay(maker, invoice, PRICE - 1)
    work(cast, BILLED)
    assert owners(cast, press) == [("maker", REGISTERED, None)]
    paid_at = BILLED + timedelta(days=1)
    pay(maker, invoice, 1, paid_at)
    work(cast, paid_at)
    assert owners(cast, press) == [
        ("maker", REGISTERED, paid_at), ("financier", paid_at, None),
    ]  # fmt: skip
    with company_context(financier):
        assert Asset.objects.get().warranty_until == date(2028, 11, 2)
        bought = Purchase.objects.get()
        assert (bought.price_minor, bought.currency, bought.bought_at) == (PRICE, "EUR", paid_at)
        days = [(row.kind, row.happened_on) for row in LifecycleAct.objects.all()]
        assert days == [("handed_over", date(2026, 10, 15)), ("sold", date(2026, 11, 3))]


def test_title_on_acceptance_waits_for_no_money(press: Asset, cast: dict[str, Any]) -> None:
    sold = offered(cast["maker"], press, sale(cast["financier"]))
    accept(cast, sold, later(1))
    assert owners(cast, press)[-1] == ("financier", later(1), None)
    [invoice] = invoiced(cast["maker"])
    pay(cast["maker"], invoice, PRICE)
    work(cast, BILLED)
    assert owners(cast, press)[-1] == ("financier", later(1), None)
    with company_context(cast["financier"]):
        assert Receivable.objects.get().state == "paid"
        assert Invoice.objects.count() == 1


def test_what_is_written_off_never_passes_and_the_asset_can_be_offered_again(
    press: Asset, cast: dict[str, Any]
) -> None:
    from apps.billing.operations import write_off
    from tests.conftest import make_person

    sold = offered(cast["maker"], press, sale(cast["financier"], title_on="payment"))
    accept(cast, sold, later(1))
    [invoice] = invoiced(cast["maker"])
    with company_context(cast["maker"]):
        write_off(
            receivable_id=invoice.pk, reason="Given back", now=BILLED,
            person=make_person(cast["maker"]),
        )  # fmt: skip
    work(cast, BILLED)
    assert state_of(sold) == "ended"
    assert owners(cast, press) == [("maker", REGISTERED, None)]
    assert offered(cast["maker"], press, terms(cast["financier"]), BILLED).pk != sold.pk


def test_a_refusal_says_why_and_leaves_everything(press: Asset, cast: dict[str, Any]) -> None:
    given = offered(cast["maker"], press, terms(cast["financier"]))
    with company_context(cast["financier"]):
        with pytest.raises(ValidationError):
            refuse_transfer(transfer_id=given.pk, reason="  ", now=NOW, actor="Berta")
        for _twice in range(2):
            refuse_transfer(transfer_id=given.pk, reason="Rust", now=later(1), actor="Berta")
        with pytest.raises(ValidationError, match="answered already"):
            accept_transfer(transfer_id=given.pk, now=later(2), actor="Berta")
    work(cast, later(1))
    assert state_of(given) == "refused"
    assert owners(cast, press) == [("maker", REGISTERED, None)]
    assert offered(cast["maker"], press, terms(cast["provider"]), later(2)).state == "offered"


def test_the_same_offer_twice_is_one_and_another_is_refused(
    press: Asset, cast: dict[str, Any]
) -> None:
    first = offered(cast["maker"], press, sale(cast["financier"]))
    assert offered(cast["maker"], press, sale(cast["financier"]), later(1)).pk == first.pk
    for other in (sale(cast["financier"], price_minor=1), sale(cast["provider"])):
        with pytest.raises(ValidationError, match="already"):
            offered(cast["maker"], press, other)
    with company_context(cast["maker"]):
        row = AssetTransfer.objects.get()
        row.pk, row.price_minor = Asset._meta.pk.get_default(), 7
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)
        for _twice in range(2):
            withdraw_transfer(transfer_id=first.pk, now=later(1), actor="Otto")
    with company_context(cast["financier"]), pytest.raises(ValidationError, match="not open"):
        accept_transfer(transfer_id=first.pk, now=later(2), actor="Berta")
    assert offered(cast["maker"], press, sale(cast["provider"]), later(2)).pk != first.pk


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"buyer_id": -1}, "buyer"), ({"price_minor": 0}, "price"),
        ({"price_minor": None, "title_on": "payment"}, "title_on"),
        ({"title_on": "never"}, "title_on"), ({"payment_days": 400}, "payment_days"),
        ({"tax_category": "X"}, "tax_category"), ({"warranty_months": 0}, "warranty_months"),
    ],
)  # fmt: skip
def test_what_cannot_be_offered_is_refused_with_its_field(
    press: Asset, cast: dict[str, Any], changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        offered(cast["maker"], press, replace(sale(cast["financier"]), **changed))
    assert field in refused.value.error_dict
    with company_context(cast["maker"]):
        assert not AssetTransfer.objects.exists()


def test_only_the_owner_offers_and_only_the_buyer_answers(
    press: Asset, cast: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match="Only the owner"):
        offered(cast["provider"], press, terms(cast["financier"]))
    given = offered(cast["maker"], press, terms(cast["financier"]))
    for slug in ("maker", "provider", "stranger"):
        with company_context(cast[slug]), pytest.raises(AssetTransfer.DoesNotExist):
            accept_transfer(transfer_id=given.pk, now=NOW, actor="x")
    for slug in ("provider", "customer", "stranger"):
        with company_context(cast[slug]):
            assert not AssetTransfer.objects.exists()
    with company_context(cast["financier"]):
        with pytest.raises(AssetTransfer.DoesNotExist):
            withdraw_transfer(transfer_id=given.pk, now=NOW, actor="x")
        # The buyer never writes the seller's row, whatever it tries.
        assert AssetTransfer.objects.update(state="accepted") == 0


def test_the_database_keeps_offer_and_answer(press: Asset, cast: dict[str, Any]) -> None:
    given = offered(cast["maker"], press, sale(cast["financier"]))
    with company_context(cast["maker"]):
        for change in ({"price_minor": 1}, {"buyer": cast["provider"]}):
            with pytest.raises(DatabaseError), transaction.atomic():
                AssetTransfer.objects.filter(pk=given.pk).update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            given.delete()
        # Nobody answers for the buyer.
        words = {"author": cast["maker"], "parties": given.parties, "transfer": given,
                 "outcome": "accepted", "answered_by": "x", "answered_at": NOW}  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            TransferAnswer.objects.create(**words)
    accept(cast, given, later(1))
    with company_context(cast["maker"]), pytest.raises(DatabaseError), transaction.atomic():
        AssetTransfer.objects.filter(pk=given.pk).update(state="offered")


def test_while_it_is_offered_the_passport_names_no_other_owner(
    press: Asset, cast: dict[str, Any]
) -> None:
    given = offered(cast["maker"], press, terms(cast["financier"]))
    facts = AssetFacts(
        press.asset_type_id, press.name, press.serial, manufacturer=cast["maker"].pk,
        owner=cast["provider"].pk, provider=cast["provider"].pk, customer=cast["customer"].pk,
    )  # fmt: skip
    with company_context(cast["provider"]), pytest.raises(ValidationError, match="transferring"):
        change_asset(asset=press, facts=facts, now=later(1))
    with company_context(cast["maker"]):
        withdraw_transfer(transfer_id=given.pk, now=later(1), actor="Otto")
    with company_context(cast["provider"]):
        change_asset(asset=Asset.objects.get(pk=press.pk), facts=facts, now=later(2))
    assert owners(cast, press)[-1] == ("provider", later(2), None)


def test_the_owners_word_alone_changes_the_owner(press: Asset, cast: dict[str, Any]) -> None:
    """Another company that says the title passed is not listened to."""
    given = offered(cast["maker"], press, terms(cast["financier"]))
    accept(cast, given, later(1))
    with company_context(cast["maker"]):
        told = OutboxEvent.objects.get(name="supply.title_passed").payload
    passed = TitlePassed.from_payload({
        **told, "seller": cast["financier"].pk, "buyer": cast["workshop"].pk, "name": "atr_two",
        "at": later(2).isoformat(),
    })  # fmt: skip
    with company_context(cast["provider"]):
        assert not note_title(passed=passed, said_by=cast["workshop"].pk, now=later(2))
    assert owners(cast, press)[-1] == ("financier", later(1), None)
    assert "price" not in str(told)


def test_a_contract_that_says_something_else_is_not_signed_by_itself(
    press: Asset, cast: dict[str, Any]
) -> None:
    from apps.contracts.models import PlanVersion
    from apps.contracts.operations import change_draft, offer_contract, withdraw_offer
    from apps.supply.operations.sales import ContractFacts

    sold = offered(cast["maker"], press, sale(cast["financier"]))
    with company_context(cast["financier"]):
        accept_transfer(transfer_id=sold.pk, now=later(1), actor="Berta")
    with company_context(cast["maker"]):
        settle_answer(transfer_id=sold.pk, now=later(1))
        contract = Contract.objects.get()
        withdraw_offer(contract=contract, now=later(1), actor="Otto")
        plan = PlanVersion.objects.get(contract=contract).plan
        plan["charges"][0]["amount"] = "999999"
        facts = ContractFacts(
            customer_id=cast["financier"].pk, title=contract.title, starts_on=contract.starts_on,
            ends_on=contract.ends_on, tax_category="O", payment_days=14, is_one_off=True,
            order_number=contract.order_number,
        )  # fmt: skip
        change_draft(contract=contract, facts=facts, items=(), plan=plan, now=later(1))
        offer_contract(contract=Contract.objects.get(), now=later(1), actor="Otto")
    with company_context(cast["financier"]):
        assert not sign_sale(transfer_id=sold.pk, now=later(1))
        assert Contract.objects.get().state == "offered"


def test_who_sold_keeps_its_own_part_of_the_life(press: Asset, cast: dict[str, Any]) -> None:
    """The workshop that bought and sold again does not see what comes after."""
    first = offered(cast["maker"], press, terms(cast["provider"]))
    accept(cast, first, later(1))
    second = offered(cast["provider"], press, terms(cast["workshop"]), later(2))
    accept(cast, second, later(3))
    third = offered(cast["workshop"], press, terms(cast["provider"]), later(4))
    accept(cast, third, later(5))
    assert [row[0] for row in owners(cast, press)] == ["maker", "provider", "workshop", "provider"]
    with company_context(cast["workshop"]):
        assert not Asset.objects.exists()
        assert LifecycleAct.objects.count() == 2
        assert retired_on(press.pk) is None
