"""New prices for a contract in force: proposed, accepted in the other portal, billed from then on."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from apps.billing.queries.rates import conditions_of
from apps.common.period import month_period
from apps.contracts.models import Contract, PlanProposal, PlanVersion, Signature
from apps.contracts.operations import (
    OfferChanged,
    accept_plan,
    adopt_plan,
    end_contract,
    propose_plan,
    withdraw_proposal,
)
from apps.contracts.queries import content_sha256
from apps.contracts.queries.plans import next_period_start, starts_a_period, versions_of
from apps.events.models import AuditRow
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import company_context
from tests.integration.metering.conftest import PLAN, Works

DECEMBER = date(2026, 12, 1)


def dearer(price: str = "0.1") -> dict[str, Any]:
    plan = deepcopy(PLAN)
    plan["charges"][1]["unit_price"] = price
    return plan


def propose(works: Works, contract: Contract, day: date = DECEMBER, **more: Any) -> PlanProposal:
    values = {"plan": dearer(), "now": works.now, "actor": "Anna", **more}
    return propose_plan(contract=contract, valid_from=day, **values)


def accept(
    works: Works, contract: Contract, content: str, now: datetime | None = None
) -> Signature:
    with company_context(works.customer):
        return accept_plan(
            contract_id=contract.pk, content=content, now=now or works.now, actor="Carl"
        )


def test_both_sign_and_billing_picks_the_version_of_each_period(works: Works) -> None:
    contract = works.contract()
    signed = content_sha256(contract)
    proposal = propose(works, contract)
    assert propose(works, contract) == proposal
    with company_context(works.customer):
        assert PlanProposal.objects.get().content_sha256 == proposal.content_sha256
    assert not adopt_plan(contract_id=contract.pk, now=works.now)
    first = accept(works, contract, proposal.content_sha256)
    assert accept(works, contract, proposal.content_sha256) == first
    run_waiting_jobs(now=works.now)
    assert not adopt_plan(contract_id=contract.pk, now=works.now)
    versions = list(PlanVersion.objects.order_by("number"))
    assert [(row.number, row.valid_from) for row in versions] == [
        (1, date(2026, 1, 1)), (2, DECEMBER),
    ]  # fmt: skip
    prices = []
    for month in ("2026-11", "2026-12"):
        period = month_period(month, "Europe/Berlin")
        _, plan = conditions_of([(contract, period)]).plan(contract, period)
        prices.append(str(plan.to_dict()["charges"][1]["unit_price"]))  # type: ignore[index]
    assert prices == ["0.067", "0.1"]
    assert content_sha256(contract) == signed
    assert [(row.version.number, row.in_force, row.later)
            for row in versions_of(contract, works.now)] == [(2, False, True), (1, True, False)]  # fmt: skip
    acts = set(AuditRow.objects.values_list("action", flat=True))
    assert {"plan_proposed", "plan_accepted", "plan_adopted"} <= acts


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 12, 15), "begins on Dec. 1, 2026 and on Jan. 1, 2027"),
        (date(2026, 11, 1), "after today"),
        (date(2026, 11, 2), "after today"),
        (date(2027, 7, 1), "ends before that day"),
    ],
)
def test_a_day_that_starts_no_later_period_is_refused(works: Works, day: date, said: str) -> None:
    contract = works.contract(ends_on=date(2027, 7, 1))
    with pytest.raises(ValidationError) as refused:
        propose(works, contract, day)
    assert said in refused.value.message_dict["valid_from"][0]
    assert not PlanProposal.objects.exists()
    assert Signature.objects.count() == 2


def test_a_plan_that_does_not_fit_the_contract_is_refused(works: Works) -> None:
    contract = works.contract()
    other = dearer()
    other["charges"][1]["meter"] = "hours"
    for plan, said in (
        (other, "no charge prices"), ({**dearer(), "currency": "USD"}, "currency"),
        ({**dearer(), "charges": []}, "empty_list"),
    ):  # fmt: skip
        with pytest.raises(ValidationError, match=said):
            propose(works, contract, plan=plan)
    with pytest.raises(ValidationError, match="in force"):
        propose(works, works.draft(title="Another"))
    assert not PlanProposal.objects.exists()


def test_a_proposal_is_replaced_withdrawn_or_lapses(works: Works) -> None:
    contract = works.contract()
    first = propose(works, contract)
    second = propose(works, contract, plan=dearer("0.2"))
    first.refresh_from_db()
    assert first.state == PlanProposal.State.WITHDRAWN
    with pytest.raises(OfferChanged):
        accept(works, contract, first.content_sha256)
    late = datetime(2026, 12, 1, 8, tzinfo=UTC)
    with pytest.raises(ValidationError, match="could be accepted before"):
        accept(works, contract, second.content_sha256, late)
    withdraw_proposal(contract=contract, now=works.now, actor="Anna")
    withdraw_proposal(contract=contract, now=works.now, actor="Anna")
    with pytest.raises(OfferChanged):
        accept(works, contract, second.content_sha256)
    assert PlanVersion.objects.count() == 1


def test_an_acceptance_in_time_counts_when_the_job_comes_later(works: Works) -> None:
    contract = works.contract()
    proposal = propose(works, contract)
    accept(works, contract, proposal.content_sha256, datetime(2026, 11, 30, 20, tzinfo=UTC))
    assert adopt_plan(contract_id=contract.pk, now=datetime(2026, 12, 1, 8, tzinfo=UTC))
    with pytest.raises(ValidationError, match="agreed from"):
        propose(works, contract)


def test_the_database_keeps_a_proposal_as_it_was_made(works: Works) -> None:
    proposal = propose(works, works.contract())
    for change in ({"valid_from": date(2027, 1, 1)}, {"plan": {}}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PlanProposal.objects.filter(pk=proposal.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        proposal.delete()
    PlanProposal.objects.filter(pk=proposal.pk).update(state="accepted")
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanProposal.objects.filter(pk=proposal.pk).update(state="open")


def test_periods_of_weeks_begin_on_mondays(works: Works) -> None:
    contract = works.contract(period_kind="week", starts_on=date(2026, 1, 5))
    assert starts_a_period(contract, date(2026, 12, 7))
    assert not starts_a_period(contract, date(2026, 12, 1))
    assert next_period_start(contract, date(2026, 12, 1)) == date(2026, 12, 7)
    end_contract(contract=contract, ends_on=works.now.date() + timedelta(days=1), now=works.now)
    with pytest.raises(ValidationError, match="ends before"):
        propose(works, Contract.objects.get(pk=contract.pk), date(2026, 12, 7))


def typed(day: str = "2026-12-01", price: str = "0,1", **more: Any) -> dict[str, Any]:
    return {
        "valid_from": day, "preview_month": "2026-10",
        "charges-TOTAL_FORMS": "1", "charges-INITIAL_FORMS": "0", "charges-0-code": "cycles",
        "charges-0-model": "per_unit", "charges-0-title_en": "Cycles",
        "charges-0-meter": "cycles", "charges-0-unit": "{cycle}",
        "charges-0-unit_price": price, **more,
    }  # fmt: skip


def test_the_pages_of_both_sides(works: Works, client_of: Callable[..., Client]) -> None:
    contract = works.contract()
    seller, buyer = client_of(works.provider), client_of(works.customer)
    here = [contract.public_id]
    with time_machine.travel(works.now, tick=False):
        form = seller.get(reverse("contract_plan_new", args=here))
        assert 'value="2026-12-01"' in form.content.decode()
        assert "0.067" in form.content.decode()
        preview = seller.post(reverse("contract_plan_preview", args=here), typed())
        assert preview.status_code == 200
        bad = seller.post(reverse("contract_plan_new", args=here), typed("2026-12-15"))
        assert bad.status_code == 422
        assert "A billing period begins" in bad.content.decode()
        assert 'value="0,1"' in bad.content.decode()
        wrong = seller.post(reverse("contract_plan_new", args=here), typed(price="x"))
        assert "This is not a number." in wrong.content.decode()
        more = seller.post(reverse("contract_plan_new", args=here), typed(edit="add"))
        assert 'name="charges-1-model"' in more.content.decode()
        assert buyer.get(reverse("contract_plan_new", args=here)).status_code == 404
        sent = seller.post(reverse("contract_plan_new", args=here), typed())
        assert sent.status_code == 302
        page = buyer.get(reverse("contract_detail", args=here)).content.decode()
        assert "Proposed prices from" in page
        waiting = f"{reverse('contract_list')}?waits=prices"
        for client, told in ((buyer, True), (seller, False)):
            home = client.get(reverse("home")).content.decode()
            assert ("contract with new prices to accept" in home) == told
            assert ("Air by use" in client.get(waiting).content.decode()) == told
        with company_context(works.customer):
            content = PlanProposal.objects.get().content_sha256
        assert seller.post(
            reverse("contract_plan_acceptance", args=here), {"content": content}
        ).status_code == 404  # fmt: skip
        for given in ("x", content, content):
            answer = buyer.post(reverse("contract_plan_acceptance", args=here), {"content": given})
            assert answer.status_code == 302
        with company_context(works.provider):
            run_waiting_jobs(now=works.now)
            assert PlanVersion.objects.count() == 2
        assert "new prices to accept" not in buyer.get(reverse("home")).content.decode()
        for client in (seller, buyer):
            page = client.get(reverse("contract_detail", args=here)).content.decode()
            assert "Prices, version 2" in page
            assert "new prices from" in page
            assert "Proposed prices from" not in page
        assert seller.post(reverse("contract_plan_withdrawal", args=here)).status_code == 302
