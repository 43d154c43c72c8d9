"""A contract in force ends by notice as both signed it, or by an end that both sign; never otherwise."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from apps.assets.models import DataGrant
from apps.common.fields import uuid7
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.domain.notice import ANY_DAY, NoticeTerms
from apps.contracts.models import Contract, EndNotice, Signature
from apps.contracts.operations import (
    OfferChanged,
    accept_end,
    adopt_end,
    change_draft,
    give_notice,
    offer_contract,
    propose_end,
    withdraw_end,
    withdraw_offer,
)
from apps.contracts.queries import content_of, content_sha256
from apps.contracts.queries.ends import earliest_end
from apps.events.models import AuditRow
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import company_context
from tests.integration.metering.conftest import PLAN, Works

# Notice given on 2 November 2026, thirty days before its end.
JANUARY, IN_DECEMBER = date(2027, 1, 1), date(2026, 12, 2)
TO_PERIOD, TO_ANY_DAY = NoticeTerms(30), NoticeTerms(30, ANY_DAY)


@pytest.fixture(autouse=True)
def _today(works: Works) -> Iterator[None]:
    with time_machine.travel(works.now, tick=False):
        yield


def notice(works: Works, contract: Contract, company: Any, day: date = JANUARY) -> EndNotice:
    with company_context(company):
        row = give_notice(contract_id=contract.pk, ends_on=day, now=works.now, actor="Carl")
    work(works)
    return row


def propose(works: Works, contract: Contract, company: Any, day: date) -> EndNotice:
    with company_context(company):
        return propose_end(
            contract_id=contract.pk, ends_on=day, now=works.now, actor="Carl", reason="We move."
        )


def accept(works: Works, contract: Contract, company: Any, content: str) -> Signature:
    with company_context(company):
        found = accept_end(contract_id=contract.pk, content=content, now=works.now, actor="Dora")
    work(works)
    return found


def work(works: Works, now: datetime | None = None) -> None:
    for company in (works.provider, works.customer):
        with company_context(company):
            run_waiting_jobs(now=now or works.now)


def end_of(contract: Contract) -> date | None:
    with company_context(contract.author):
        return Contract.objects.get(pk=contract.pk).ends_on


def test_notice_is_part_of_what_is_signed(works: Works) -> None:
    without, agreed = works.draft(), works.draft(title="With notice", notice=TO_PERIOD)
    assert "notice" not in content_of(without)
    assert content_of(agreed)["notice"] == {"days": 30, "to": "period"}
    before = content_sha256(agreed)
    offer_contract(contract=agreed, now=works.now, actor="Anna")
    withdraw_offer(contract=agreed, now=works.now, actor="Anna")
    item = ItemFacts(works.machine.asset.pk, "cycles", "cycles")
    facts = ContractFacts(
        works.customer.pk, "With notice", date(2026, 1, 1), notice=NoticeTerms(1, ANY_DAY)
    )
    changed = change_draft(contract=agreed, facts=facts, items=[item], plan=PLAN, now=works.now)
    assert content_sha256(changed) != before
    in_force = works.contract(title="In force", notice=TO_PERIOD)
    for notice in (None, {"days": 1, "to": "any_day"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Contract.objects.filter(pk=in_force.pk).update(notice=notice)


@pytest.mark.parametrize("days", [-1, 1_831])
def test_notice_that_cannot_be_is_refused_at_its_field(works: Works, days: int) -> None:
    with pytest.raises(ValidationError) as refused:
        works.draft(notice=NoticeTerms(days))
    assert set(refused.value.message_dict) == {"notice_days"}


@pytest.mark.parametrize("side", ["provider", "customer"])
@pytest.mark.parametrize(
    ("terms", "day", "why"),
    [
        (None, JANUARY, "No notice is agreed"),
        (TO_PERIOD, date(2026, 12, 1), "at the earliest"),
        (TO_PERIOD, date(2027, 1, 15), "begins one"),
        (TO_ANY_DAY, date(2026, 12, 1), "at the earliest"),
        (NoticeTerms(300), date(2027, 9, 1), "before notice could end it"),
    ],
)
def test_nobody_ends_it_alone_otherwise_than_signed(
    works: Works, side: str, terms: NoticeTerms | None, day: date, why: str
) -> None:
    contract = works.contract(notice=terms, ends_on=date(2027, 7, 1))
    with pytest.raises(ValidationError, match=why):
        notice(works, contract, getattr(works, side), day)
    assert end_of(contract) == date(2027, 7, 1)
    assert not EndNotice.objects.exists()


@pytest.mark.parametrize("side", ["provider", "customer"])
@pytest.mark.parametrize(("terms", "day"), [(TO_PERIOD, JANUARY), (TO_ANY_DAY, IN_DECEMBER)])
def test_either_side_ends_it_by_notice_without_the_others_yes(
    works: Works, side: str, terms: NoticeTerms, day: date
) -> None:
    contract = works.contract(notice=terms)
    signed = content_sha256(contract)
    assert earliest_end(contract, works.now.date()) == day
    row = notice(works, contract, getattr(works, side), day)
    assert notice(works, contract, getattr(works, side), day) == row
    assert end_of(contract) == day
    assert content_sha256(Contract.objects.get()) == signed
    assert {grant.valid_until.date() for grant in DataGrant.objects.all()} == {
        day - timedelta(days=1)
    }
    acts = list(AuditRow.objects.values_list("action", flat=True))
    assert acts.count("notice_given") == acts.count("contract_end_set") == 1


def test_a_term_is_cut_short_only_with_the_other_sides_signature(works: Works) -> None:
    contract = works.contract(notice=TO_PERIOD, ends_on=date(2027, 7, 1))
    for proposer, other, day in (
        (works.provider, works.customer, date(2027, 3, 15)),
        (works.customer, works.provider, date(2026, 11, 2)),
    ):
        row = propose(works, contract, proposer, day)
        assert propose(works, contract, proposer, day) == row
        work(works)
        assert not adopt_end(contract_id=contract.pk, now=works.now)
        assert end_of(contract) != day
        with pytest.raises(OfferChanged):
            accept(works, contract, proposer, row.content_sha256 + "0")
        signature = accept(works, contract, other, row.content_sha256)
        assert accept(works, contract, other, row.content_sha256) == signature
        assert end_of(contract) == day
        assert not adopt_end(contract_id=contract.pk, now=works.now)


def test_who_proposes_cannot_sign_for_the_other_side(works: Works) -> None:
    contract = works.contract()
    row = propose(works, contract, works.provider, JANUARY)
    accept(works, contract, works.provider, row.content_sha256)
    assert not adopt_end(contract_id=contract.pk, now=works.now)
    assert end_of(contract) is None


def test_a_proposal_is_replaced_withdrawn_or_lapses(works: Works) -> None:
    contract = works.contract()
    first = propose(works, contract, works.provider, JANUARY)
    second = propose(works, contract, works.provider, date(2026, 11, 10))
    first.refresh_from_db()
    assert first.state == EndNotice.State.WITHDRAWN
    with pytest.raises(OfferChanged):
        accept(works, contract, works.customer, first.content_sha256)
    late = works.now + timedelta(days=9)
    with company_context(works.customer), pytest.raises(ValidationError, match="any more"):
        accept_end(contract_id=contract.pk, content=second.content_sha256, now=late, actor="Dora")
    withdraw_end(contract_id=contract.pk, now=works.now, actor="Anna")
    withdraw_end(contract_id=contract.pk, now=works.now, actor="Anna")
    with pytest.raises(OfferChanged):
        accept(works, contract, works.customer, second.content_sha256)
    assert end_of(contract) is None
    agreed = propose(works, contract, works.provider, JANUARY)
    accept(works, contract, works.customer, agreed.content_sha256)
    with pytest.raises(ValidationError, match="signed this end already"):
        withdraw_end(contract_id=contract.pk, now=works.now, actor="Anna")


def test_the_day_of_the_notice_counts_when_the_job_comes_later(works: Works) -> None:
    contract = works.contract(notice=NoticeTerms(0, ANY_DAY))
    today = works.now.date()
    with company_context(works.customer):
        give_notice(contract_id=contract.pk, ends_on=today, now=works.now, actor="Carl")
    assert adopt_end(contract_id=contract.pk, now=works.now + timedelta(days=2))
    assert end_of(contract) == today


def test_a_notice_that_is_too_short_is_not_adopted(works: Works) -> None:
    contract = works.contract(notice=TO_PERIOD)
    for day, held in ((date(2026, 11, 3), False), (JANUARY, True)):
        with company_context(works.customer):
            EndNotice.objects.create(
                author=works.customer, parties=contract.parties, contract=contract,
                kind=EndNotice.Kind.NOTICE, ends_on=day, content_sha256=str(uuid7()),
                made_by="Carl", made_at=works.now,
            )  # fmt: skip
        assert adopt_end(contract_id=contract.pk, now=works.now) == held
        assert (end_of(contract) == day) == held


def test_the_database_keeps_what_was_given(works: Works) -> None:
    contract = works.contract(notice=TO_PERIOD)
    given = notice(works, contract, works.provider)
    proposed = propose(works, contract, works.provider, date(2026, 12, 1))
    for row, change in (
        (given, {"state": "withdrawn"}), (given, {"ends_on": date(2026, 12, 1)}),
        (proposed, {"ends_on": date(2026, 11, 3)}), (proposed, {"kind": "notice"}),
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            EndNotice.objects.filter(pk=row.pk).update(**change)
    with company_context(works.customer):
        assert EndNotice.objects.filter(pk=proposed.pk).update(state="withdrawn") == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        given.delete()


def test_the_customer_gives_notice_on_its_own_page_of_the_contract(
    works: Works, client_of: Callable[..., Client]
) -> None:
    contract = works.contract(notice=TO_PERIOD)
    buyer, seller = client_of(works.customer), client_of(works.provider)
    here = [contract.public_id]
    sheet, end = reverse("contract_detail", args=here), reverse("contract_end", args=here)
    page = buyer.get(sheet).content.decode()
    assert "by notice of 30 days to the end of a billing period" in page
    assert f'href="{end}"' in page
    form = buyer.get(end).content.decode()
    assert 'value="2027-01-01"' in form
    soon = {"ends_on": "2026-12-01", "reason": "We move.", "act": "notice"}
    refused = buyer.post(end, soon)
    assert refused.status_code == 422
    assert "at the earliest" in refused.content.decode()
    assert "We move." in refused.content.decode()
    assert buyer.post(end, {**soon, "ends_on": "2027-01-01"}).status_code == 302
    work(works)
    assert end_of(contract) == JANUARY
    for client in (buyer, seller):
        text = client.get(sheet).content.decode()
        assert "Notice: the contract ends before" in text
        assert "We move." in text
    assert client_of(works.customer, "viewer").get(end).status_code == 403


def test_the_other_side_is_asked_on_its_home_and_signs(
    works: Works, client_of: Callable[..., Client], cast: dict[str, Any]
) -> None:
    contract = works.contract()
    buyer, seller = client_of(works.customer), client_of(works.provider)
    here = [contract.public_id]
    sheet, end = reverse("contract_detail", args=here), reverse("contract_end", args=here)
    assert "No notice is agreed" in seller.get(sheet).content.decode()
    assert buyer.post(end, {"ends_on": "2026-12-15", "act": "proposal"}).status_code == 302
    waiting = f"{reverse('contract_list')}?waits=end"
    for client, told in ((seller, True), (buyer, False)):
        assert ("proposed end of a contract to sign" in client.get("/").content.decode()) == told
        assert ("Air by use" in client.get(waiting).content.decode()) == told
    with company_context(works.provider):
        content = EndNotice.objects.get().content_sha256
    stranger = client_of(cast["stranger"])
    for name in ("contract_end", "contract_end_acceptance", "contract_end_withdrawal"):
        address = reverse(name, args=here)
        assert stranger.post(address, {"content": content}).status_code == 404
    assert content in seller.get(sheet).content.decode()
    assert content not in buyer.get(sheet).content.decode().split("<main")[-1].split("facts")[0]
    seller.post(reverse("contract_end_acceptance", args=here), {"content": content})
    assert end_of(contract) == date(2026, 12, 15)
    assert "proposed end of a contract" not in seller.get("/").content.decode()
    text = buyer.get(sheet).content.decode()
    assert "Signed by the other side as well" in text
    assert "an earlier wording" not in text
