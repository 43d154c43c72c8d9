"""Drafting, offering, signing and ending, as both companies see it."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.assets.models import DataGrant
from apps.contracts.domain.commercial import DunningTerms, ReminderTerms
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.models import Contract, ContractItem, PlanVersion, Signature
from apps.contracts.operations import (
    OfferChanged,
    change_draft,
    close_ended,
    end_contract,
    offer_contract,
    sign_contract,
    withdraw_offer,
)
from apps.contracts.queries import content_sha256, offers_to_sign
from apps.events.models import AuditRow, OutboxEvent
from apps.events.operations import run_waiting_jobs
from apps.metering.models import BilledPeriod, MeteringOrder, UsageRecord
from apps.metering.operations import Metered, NotMetered, meter_periods
from apps.subscriptions.queries import own_sponsor, sponsored
from apps.tenancy.context import company_context
from tests.integration.metering.conftest import PLAN, Works
from tests.integration.subscriptions.ordering import without_plan
from tests.integration.telemetry.conftest import make_machine


def facts(works: Works, **more: Any) -> ContractFacts:
    return ContractFacts(
        **{"customer_id": works.customer.pk, "title": "Air", "starts_on": date(2026, 1, 1), **more}
    )


def content_shown_to_customer(works: Works, contract: Contract) -> str:
    with company_context(works.customer):
        return content_sha256(Contract.objects.get(pk=contract.pk))


def test_a_draft_is_seen_by_the_provider_alone(works: Works) -> None:
    contract = works.draft()
    for company in (works.customer,):
        with company_context(company):
            assert not Contract.objects.filter(pk=contract.pk).exists()
            assert ContractItem.objects.count() == PlanVersion.objects.count() == 0


def test_an_offer_is_seen_and_signed_by_the_customer_and_comes_into_force(works: Works) -> None:
    contract = works.draft()
    offer_contract(contract=contract, now=works.now, actor="Anna")
    offer_contract(contract=contract, now=works.now, actor="Anna")
    assert Signature.objects.count() == 1
    content = content_shown_to_customer(works, contract)
    with company_context(works.customer):
        assert offers_to_sign().count() == 1
        first = sign_contract(contract_id=contract.pk, content=content, now=works.now, actor="Carl")
        again = sign_contract(contract_id=contract.pk, content=content, now=works.now, actor="Carl")
        assert first.pk == again.pk
        assert offers_to_sign().count() == 0
    run_waiting_jobs(now=works.now)
    run_waiting_jobs(now=works.now)
    contract.refresh_from_db()
    assert contract.state == Contract.State.ACTIVE
    assert OutboxEvent.objects.filter(name="contracts.activated").count() == 1
    [order] = MeteringOrder.objects.all()
    assert (order.collector_id, order.unit) == (works.provider.pk, "{cycle}")
    [grant] = DataGrant.objects.all()
    assert (grant.grantee_id, grant.channels) == (works.customer.pk, ["cycles"])
    with company_context(works.customer):
        acts = set(AuditRow.objects.values_list("action", flat=True))
        assert {"contract_offered", "contract_signed", "contract_activated"} <= acts
        assert "contract_drafted" not in acts
        run_waiting_jobs(now=works.now)
        assert MeteringOrder.objects.count() == 0


def test_a_customer_without_a_plan_signs_and_takes_part_by_the_provider(works: Works) -> None:
    without_plan(works.customer)
    contract = works.draft()
    offer_contract(contract=contract, now=works.now, actor="Anna")
    content = content_shown_to_customer(works, contract)
    with company_context(works.customer):
        sign_contract(contract_id=contract.pk, content=content, now=works.now, actor="Carl")
        sponsor = own_sponsor()
    assert sponsor is not None
    assert sponsor.sponsor_id == contract.author_id
    assert [row.participant_name for row in sponsored()] == [works.customer.name]


def test_a_stale_page_does_not_sign(works: Works) -> None:
    contract = works.draft()
    offer_contract(contract=contract, now=works.now, actor="Anna")
    content = content_shown_to_customer(works, contract)
    withdraw_offer(contract=contract, now=works.now, actor="Anna")
    withdraw_offer(contract=contract, now=works.now, actor="Anna")
    with company_context(works.customer), pytest.raises(Contract.DoesNotExist):
        sign_contract(contract_id=contract.pk, content=content, now=works.now, actor="Carl")
    item = ItemFacts(works.machine.asset.pk, "cycles", "cycles")
    dearer = {**PLAN, "charges": [{**PLAN["charges"][0], "amount": "101"}, PLAN["charges"][1]]}
    change_draft(contract=contract, facts=facts(works), items=[item], plan=dearer, now=works.now)
    offer_contract(contract=contract, now=works.now, actor="Anna")
    with company_context(works.customer), pytest.raises(OfferChanged):
        sign_contract(contract_id=contract.pk, content=content, now=works.now, actor="Carl")
    run_waiting_jobs(now=works.now)
    contract.refresh_from_db()
    assert contract.state == Contract.State.OFFERED
    assert PlanVersion.objects.count() == 1


def test_an_offer_made_again_unchanged_comes_into_force_when_signed_again(works: Works) -> None:
    contract = works.draft()
    offer_contract(contract=contract, now=works.now, actor="Anna")
    content = content_shown_to_customer(works, contract)
    with company_context(works.customer):
        sign_contract(contract_id=contract.pk, content=content, now=works.now, actor="Carl")
    withdraw_offer(contract=contract, now=works.now, actor="Anna")
    run_waiting_jobs(now=works.now)
    contract.refresh_from_db()
    assert contract.state == Contract.State.DRAFT
    later = works.now + timedelta(hours=1)
    offer_contract(contract=contract, now=later, actor="Anna")
    assert content_shown_to_customer(works, contract) == content
    with company_context(works.customer):
        assert offers_to_sign().count() == 1
        sign_contract(contract_id=contract.pk, content=content, now=later, actor="Carl")
        assert AuditRow.objects.filter(action="contract_signed").count() == 2
    run_waiting_jobs(now=later)
    contract.refresh_from_db()
    assert contract.state == Contract.State.ACTIVE
    assert OutboxEvent.objects.filter(name="contracts.activated").count() == 1


def test_an_offered_plan_never_changes(works: Works) -> None:
    contract = works.draft()
    offer_contract(contract=contract, now=works.now, actor="Anna")
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanVersion.objects.update(plan={})
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanVersion.objects.all().delete()
    item = ItemFacts(works.machine.asset.pk, "cycles", "cycles")
    with pytest.raises(ValidationError, match="Withdraw"):
        change_draft(contract=contract, facts=facts(works), items=[item], plan=PLAN, now=works.now)


def test_the_customer_cannot_change_the_providers_rows(works: Works) -> None:
    contract = works.contract()
    with company_context(works.customer):
        assert Contract.objects.filter(pk=contract.pk).update(title="Free air") == 0
        assert ContractItem.objects.update(meter="other") == 0
        assert ContractItem.objects.all().delete()[0] == 0
    contract.refresh_from_db()
    assert contract.title == "Air by use"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"title": " "}, "title"), ({"ends_on": date(2025, 1, 1)}, "ends_on"),
        ({"time_zone": "Mars/Base"}, "time_zone"), ({"currency": "XXX"}, "currency"),
        ({"payment_days": 400}, "payment_days"), ({"currency": "CHF"}, "plan"),
        ({"customer_id": 0}, "customer"),
        ({"deposit_minor": 0}, "deposit"), ({"credit_limit_minor": -1}, "credit_limit"),
        ({"dunning": DunningTerms(Decimal("100.1"))}, "late_points"),
        ({"dunning": DunningTerms(None, (ReminderTerms(0),))}, "reminder_1_days"),
        ({"dunning": DunningTerms(None, (ReminderTerms(9), ReminderTerms(9)))}, "reminder_2_days"),
        ({"dunning": DunningTerms(None, (ReminderTerms(9, -1),))}, "reminder_1_fee"),
        ({"dunning": DunningTerms(None, (ReminderTerms(3, 0, True), ReminderTerms(9, 0, True)))},
         "lump_with"),
    ],
)  # fmt: skip
def test_a_bad_draft_names_the_field_and_stores_nothing(
    works: Works, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        works.draft(**more)
    assert field in refused.value.message_dict
    assert Contract.objects.count() == 0


@pytest.mark.parametrize(
    ("channel", "meter", "words"),
    [("pressure", "cycles", "say what is billed"), ("nothing", "cycles", "no channel"),
     ("cycles", "other", "no charge prices"), ("energy", "cycles", "cannot be billed")],
)  # fmt: skip
def test_a_bad_item_names_its_row(works: Works, channel: str, meter: str, words: str) -> None:
    item = ItemFacts(works.machine.asset.pk, channel, meter)
    contract = works.draft()
    with pytest.raises(ValidationError, match=words) as refused:
        change_draft(contract=contract, facts=facts(works), items=[item], plan=PLAN, now=works.now)
    assert refused.value.message_dict["items"][0].startswith("Row 1")
    assert ContractItem.objects.filter(contract=contract).count() == 1


def test_an_end_shortens_orders_and_grants_and_closes_the_contract(works: Works) -> None:
    contract = works.contract()
    with pytest.raises(ValidationError):
        end_contract(contract=contract, ends_on=date(2026, 10, 1), now=works.now)
    end_contract(contract=contract, ends_on=date(2026, 11, 2), now=works.now, actor="Anna")
    run_waiting_jobs(now=works.now)
    [order] = MeteringOrder.objects.all()
    [grant] = DataGrant.objects.all()
    assert order.ends_at == grant.valid_until
    assert close_ended(now=works.now) == 1
    assert close_ended(now=works.now) == 0
    contract.refresh_from_db()
    assert contract.state == Contract.State.ENDED


def test_another_company_collects_and_records_the_usage(
    works: Works, cast: dict[str, Any], month: Callable[..., Any]
) -> None:
    maker = cast["maker"]
    with company_context(maker):
        machine = make_machine(maker, works.now, serial="SN-9")
        machine.asset.provider, machine.asset.customer = works.provider, works.customer
        machine.asset.parties = sorted({maker.pk, works.provider.pk, works.customer.pk})
        machine.asset.save()
        theirs = Works(works.provider, works.customer, machine, works.now)
        theirs.send("cycles", ("2026-01-01T00:00:00Z", "5"), ("2026-01-30T00:00:00Z", "47"))
    item = ItemFacts(machine.asset.pk, "cycles", "cycles", unit="{cycle}")
    contract = works.draft()
    change_draft(contract=contract, facts=facts(works), items=[item], plan=PLAN, now=works.now)
    offer_contract(contract=contract, now=works.now, actor="Anna")
    content = content_shown_to_customer(works, contract)
    with company_context(works.customer):
        sign_contract(contract_id=contract.pk, content=content, now=works.now, actor="Carl")
    run_waiting_jobs(now=works.now)
    contract.refresh_from_db()
    wanted = [(contract, month("2026-01"))]
    waiting = meter_periods(wanted=wanted, now=works.now)[contract.pk]
    assert isinstance(waiting, NotMetered)
    assert waiting.reason == "waiting_for_collector"
    with company_context(maker):
        run_waiting_jobs(now=works.now)
        assert set(DataGrant.objects.values_list("grantee", flat=True)) == {
            works.provider.pk, works.customer.pk,
        }  # fmt: skip
        assert BilledPeriod.objects.count() == 0
    answer = meter_periods(wanted=wanted, now=works.now)[contract.pk]
    assert isinstance(answer, Metered)
    assert [(row.quantity, row.author_id) for row in answer.records] == [(42, maker.pk)]
    with company_context(cast["stranger"]):
        assert UsageRecord.objects.count() == 0


def test_a_provider_the_passport_does_not_name_gets_nothing(
    works: Works, cast: dict[str, Any], month: Callable[..., Any]
) -> None:
    maker = cast["maker"]
    with company_context(maker):
        machine = make_machine(maker, works.now, serial="SN-9")
        machine.asset.customer = works.provider
        machine.asset.parties = sorted({maker.pk, works.provider.pk})
        machine.asset.save()
    item = ItemFacts(machine.asset.pk, "cycles", "cycles", unit="{cycle}")
    contract = works.draft()
    change_draft(contract=contract, facts=facts(works), items=[item], plan=PLAN, now=works.now)
    offer_contract(contract=contract, now=works.now, actor="Anna")
    content = content_shown_to_customer(works, contract)
    with company_context(works.customer):
        sign_contract(contract_id=contract.pk, content=content, now=works.now, actor="Carl")
    run_waiting_jobs(now=works.now)
    contract.refresh_from_db()
    meter_periods(wanted=[(contract, month("2026-01"))], now=works.now)
    with company_context(maker):
        run_waiting_jobs(now=works.now)
        assert DataGrant.objects.count() == UsageRecord.objects.count() == 0
        assert AuditRow.objects.filter(action="metering_refused").exists()


def test_what_is_agreed_about_money_is_signed_and_then_never_changes(works: Works) -> None:
    plain = works.draft()
    before = content_sha256(plain)
    dunning = DunningTerms(Decimal("11.5"), (ReminderTerms(5), ReminderTerms(14, 750, True)))
    contract = works.contract(dunning=dunning, deposit_minor=150_000, credit_limit_minor=0)
    assert (contract.dunning_terms, contract.deposit_minor) == (dunning, 150_000)
    assert content_sha256(contract) != content_sha256(plain) == before
    for name, value in (("dunning", None), ("deposit_minor", 1), ("credit_limit_minor", None)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Contract.objects.filter(pk=contract.pk).update(**{name: value})
    with pytest.raises(IntegrityError), transaction.atomic():
        Contract.objects.filter(pk=plain.pk).update(deposit_minor=0)
