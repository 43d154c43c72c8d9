"""An event reaches the right people of the right company, once, or not at all."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.billing.models import Invoice
from apps.common.templatetags import portal
from apps.events.models import Job, OutboxEvent
from apps.events.operations import work_on
from apps.networks.models import Participation
from apps.networks.operations import (
    answer_invitation,
    end_participation,
    found_network,
    invite_company,
)
from apps.notifications.models import Mail, Notification
from apps.notifications.operations import mark_read, tell_overdue, tell_people
from apps.telemetry.models import RefusedItem
from apps.telemetry.operations.quarantine import tell_refused
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, billed, customer, issued, provider
from tests.integration.billing.scene import make_asset, make_contract, month_of_readings
from tests.integration.notifications.scene import (
    NOW,
    contract_of,
    happened,
    later,
    offered,
    texts,
    told,
    work,
)

__all__ = ["billed", "customer", "issued", "provider"]

POSITIONS = ("director", "finance", "operations", "technician", "viewer")
People = Callable[..., Any]


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def heard_by(company: Any, person_of: People) -> set[str]:
    """Positions whose people were told anything."""
    return {one for one in POSITIONS if told(person_of(company, one), company)}


def everybody(person_of: People, *companies: Any) -> None:
    for company in companies:
        for position in POSITIONS:
            person_of(company, position)


def test_an_offer_reaches_who_may_work_on_contracts_there_and_nobody_else(
    cast: dict[str, Any], person_of: People
) -> None:
    provider, customer, stranger = cast["provider"], cast["customer"], cast["stranger"]
    everybody(person_of, provider, customer, stranger)
    offered(contract_of(provider, customer))
    work(*cast.values())
    assert heard_by(customer, person_of) == {"director", "finance", "operations"}
    assert heard_by(provider, person_of) == set()
    assert heard_by(stranger, person_of) == set()
    director = person_of(customer, "director")
    assert told(director, customer) == [("offers", "contract_offered")]
    assert texts(director, customer, "offers") == [
        "Provider Services GmbH offers you the contract “Pressing”."
    ]


@pytest.mark.parametrize(
    ("name", "message", "to_customer"),
    [
        ("contracts.plan_proposed", ("offers", "prices_proposed"), True),
        ("contracts.cover_proposed", ("offers", "assets_proposed"), True),
        ("contracts.activated", ("agreements", "contract_in_force"), True),
        ("contracts.end_set", ("ends", "contract_ends"), True),
        ("contracts.end_proposed", ("offers", "end_proposed"), True),
        ("contracts.offer_withdrawn", ("offers", "offer_withdrawn"), True),
        ("contracts.refused", ("agreements", "prices_refused"), False),
        ("contracts.terms_refused", ("agreements", "terms_refused"), False),
        ("contracts.end_accepted", ("agreements", "end_accepted"), False),
        ("contracts.signed", ("agreements", "contract_signed"), False),
        ("contracts.plan_accepted", ("agreements", "prices_accepted"), False),
        ("contracts.cover_accepted", ("agreements", "assets_accepted"), False),
        ("contracts.terms_signed", ("agreements", "terms_signed"), False),
    ],
)
def test_events_of_a_contract(
    cast: dict[str, Any], person_of: People, name: str, message: tuple[str, str],
    to_customer: bool,
) -> None:  # fmt: skip
    provider, customer = cast["provider"], cast["customer"]
    contract = contract_of(provider, customer)
    reader, author = (customer, provider) if to_customer else (provider, customer)
    person, other = person_of(reader, "finance"), person_of(author, "finance")
    payload = {
        "contract": str(contract.pk), "ends_at": "2026-12-31T23:00:00Z", "what": "prices",
        "title": "Pressing",
    }  # fmt: skip
    event = happened(author, name, payload, [provider, customer])
    with company_context(reader):
        tell_people(event=event, now=NOW)
    with company_context(author):
        tell_people(event=event, now=NOW)
    assert told(person, reader) == [message]
    if name in ("contracts.activated", "contracts.end_set"):
        assert told(other, author) == [], "who did it knows"
    if name == "contracts.end_set":
        assert texts(person, reader, "ends")[0].endswith("Its last day is 31 Dec 2026.")


def test_the_same_event_twice_is_told_once(cast: dict[str, Any], person_of: People) -> None:
    customer = cast["customer"]
    person = person_of(customer, "finance")
    event = offered(contract_of(cast["provider"], customer))
    with company_context(customer):
        [job] = Job.objects.filter(kind="notifications.tell")
        assert job.event_id == event.pk
        for minute in range(3):
            work_on(job_id=job.pk, now=later(minute))
        assert tell_people(event=event, now=later(9)) == 0
        assert Notification.objects.filter(person=person).count() == 1
        assert Mail.objects.filter(person=person).count() == 1
        assert Job.objects.filter(kind="notifications.send_mail").count() == 1


def test_two_tellers_at_a_time_meet_at_the_key(cast: dict[str, Any], person_of: People) -> None:
    customer = cast["customer"]
    person_of(customer, "finance")
    event = offered(contract_of(cast["provider"], customer))
    with company_context(customer):
        tell_people(event=event, now=NOW)
        row = Notification.objects.get()
        row.pk, row.mail = event.pk, None
        with pytest.raises(IntegrityError, match="notifications_told_once"), transaction.atomic():
            row.save(force_insert=True)


def test_nothing_is_told_of_what_is_rolled_back(
    cast: dict[str, Any], person_of: People, mailoutbox: list[Any]
) -> None:
    person = person_of(cast["customer"], "director")
    contract = contract_of(cast["provider"], cast["customer"])
    with pytest.raises(RuntimeError), transaction.atomic():
        offered(contract)
        raise RuntimeError("no")
    with company_context(cast["provider"]):
        assert not OutboxEvent.objects.filter(name="contracts.offered").exists()
    work(*cast.values())
    assert told(person, cast["customer"]) == []
    assert mailoutbox == []


def test_a_job_that_fails_after_telling_has_told_nothing(
    cast: dict[str, Any], person_of: People, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[Any]
) -> None:
    from apps.notifications.operations import telling

    customer = cast["customer"]
    person = person_of(customer, "director")
    offered(contract_of(cast["provider"], customer))
    enqueue = telling._enqueue_mails

    def dies(rows: Any, now: Any) -> None:
        enqueue(rows, now)
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(telling, "_enqueue_mails", dies)
        work(customer)
    assert told(person, customer) == []
    with company_context(customer):
        assert not Mail.objects.exists()
        assert not Job.objects.filter(kind="notifications.send_mail").exists()
    work(customer, now=later(1))
    assert told(person, customer) == [("offers", "contract_offered")]
    assert len(mailoutbox) == 1


def test_a_network_from_the_invitation_to_its_end(cast: dict[str, Any], person_of: People) -> None:
    provider, maker = cast["provider"], cast["maker"]
    everybody(person_of, provider, maker)
    with company_context(provider):
        network = found_network(
            name="Dairy", purpose="", members_meet=False, roles=["provider"], now=NOW, actor="A"
        )
        row = invite_company(
            network=network, company=maker, role="manufacturer", now=NOW, actor="A"
        )
    work(maker)
    assert heard_by(maker, person_of) == {"director"}
    director = person_of(maker, "director")
    assert texts(director, maker, "networks") == [
        "Provider Services GmbH invites you to the network “Dairy” as manufacturer."
    ]
    with company_context(maker):
        own = Participation.objects.select_related("network").get(pk=row.pk)
        answer_invitation(participation=own, accepts=True, now=NOW, actor="M")
    work(provider)
    founder = person_of(provider, "director")
    assert texts(founder, provider, "networks") == [
        "Maker Maschinenbau GmbH joins the network “Dairy”."
    ]
    with company_context(provider):
        end_participation(participation=row, now=later(5), actor="A")
    work(provider, maker, now=later(5))
    assert told(director, maker)[-1] == ("networks", "network_ended")
    assert len(told(founder, provider)) == 1, "the founder did it"


def test_an_issued_invoice_reaches_the_customers_finance(
    provider: Any, customer: Any, person_of: People, issued: Invoice
) -> None:
    everybody(person_of, provider, customer)
    work(provider, customer)
    assert heard_by(customer, person_of) == {"director", "finance"}
    assert heard_by(provider, person_of) == set()
    assert texts(person_of(customer, "finance"), customer, "invoices") == [
        f"Provider Services GmbH has issued invoice {issued.number} of 123.39\u00a0EUR, "
        "due on 16 Nov 2026."
    ]


def test_reminders_and_disputes(
    provider: Any, customer: Any, person_of: People, issued: Invoice
) -> None:
    from tests.integration.billing.test_disputes import answer, dispute
    from tests.integration.billing.test_reminders import DUE, at, remind

    buyer, seller = person_of(customer, "finance"), person_of(provider, "finance")
    remind(provider, DUE + timedelta(days=3))
    work(customer, now=at(DUE + timedelta(days=3)))
    [text] = texts(buyer, customer, "reminders")
    assert text.startswith(f"Provider Services GmbH reminds you of invoice {issued.number}: ")
    found = dispute(customer, issued, "cycles", 100)
    work(provider, customer, now=at(DUE + timedelta(days=4)))
    assert [one for one in told(seller, provider) if one[0] == "disputes"] == [
        ("disputes", "disputed")
    ]
    answer(provider, found, 0)
    work(provider, customer, now=at(DUE + timedelta(days=5)))
    assert [one for one in told(buyer, customer) if one[0] == "disputes"] == [
        ("disputes", "dispute_settled")
    ]


def test_a_correction_is_said_once_while_it_is_unread(
    provider: Any, customer: Any, person_of: People
) -> None:
    from tests.integration.billing.conftest import issue_all
    from tests.integration.billing.test_corrections import LATER, late

    finance, technician = person_of(provider, "finance"), person_of(provider, "technician")
    asset = make_asset(provider)
    make_contract(provider, customer, [asset])
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    bill(provider)
    issue_all(provider)
    late(provider, asset, ("2026-10-25T10:00:00Z", "1060"))
    assert texts(finance, provider, "corrections") == [
        "Readings have changed what was billed: “Presses by the cycle” has a correction to approve."
    ]
    late(provider, asset, ("2026-10-26T10:00:00Z", "1065"))
    with company_context(provider):
        assert OutboxEvent.objects.filter(name="billing.corrections_found").count() == 2
        [row] = Notification.objects.filter(person=finance, topic="corrections")
        mark_read(notification_id=row.pk, person=finance, now=LATER)
    late(provider, asset, ("2026-10-27T10:00:00Z", "1070"))
    assert len(texts(finance, provider, "corrections")) == 2, "it was read, and there is news"
    assert told(technician, provider) == []


def test_a_run_that_puts_periods_aside_tells_who_bills(
    provider: Any, customer: Any, person_of: People
) -> None:
    make_contract(provider, customer, [make_asset(provider)])
    finance, operations = person_of(provider, "finance"), person_of(provider, "operations")
    run = bill(provider)
    assert texts(finance, provider, "parked") == ["Billing run 2026-10 has put one period aside."]
    assert told(operations, provider) == []
    bill(provider, dry=True)
    assert len(told(finance, provider)) == 1, "a dry run changes nothing"
    with company_context(provider):
        assert Notification.objects.get(topic="parked", person=finance).subject == run.public_id


def test_refused_readings_are_told_once_a_day_to_who_judges_them(
    cast: dict[str, Any], person_of: People
) -> None:
    provider = cast["provider"]
    everybody(person_of, provider)
    with company_context(provider):
        assert tell_refused(now=NOW) == 0
        for number, hours in enumerate((1, 2, 30)):
            RefusedItem.objects.create(
                received_at=NOW - timedelta(hours=hours), source="api", position=number,
                outcome="refused", reason="bad_time", raw_sha256=str(number),
            )  # fmt: skip
        assert tell_refused(now=NOW) == 2
    work(provider)
    assert heard_by(provider, person_of) == {"director", "operations", "technician"}
    assert texts(person_of(provider, "technician"), provider, "readings") == [
        "2 readings were refused in the last day and wait for a decision."
    ]


def test_who_drafted_payouts_is_not_asked_to_approve_them(
    cast: dict[str, Any], person_of: People
) -> None:
    from apps.payments.operations import PayoutItem, draft_payouts

    provider = cast["provider"]
    everybody(person_of, provider)
    finance, director = person_of(provider, "finance"), person_of(provider, "director")
    with company_context(provider):
        item = PayoutItem(payee=cast["maker"], reference="stm_1", title="S", amount_minor=12_345)
        draft_payouts(items=[item], method="sepa", currency="EUR", now=NOW, drafted_by=finance)
    work(provider)
    assert told(finance, provider) == []
    assert texts(director, provider, "approvals") == [
        "finance provider has drafted a payout of 123.45\u00a0EUR. A second person approves it."
    ]


def test_a_request_for_data_and_its_answer(cast: dict[str, Any], person_of: People) -> None:
    from apps.assets.domain.facts import AssetFacts, ChannelFacts
    from apps.assets.models import Asset, DataRequest
    from apps.assets.operations import (
        answer_request,
        register_asset_type,
        register_assets,
        request_data,
    )

    provider, maker = cast["provider"], cast["maker"]
    everybody(person_of, provider, maker)
    with company_context(maker):
        kind = register_asset_type(
            name="Press", channels=[ChannelFacts("hours", "Hours", "counter", "h")], now=NOW
        )
        facts = AssetFacts(kind.pk, "Press 1", "M-1", owner=provider.pk)
        [asset] = register_assets(assets=[facts], now=NOW)
    with company_context(provider):
        request = request_data(
            asset=Asset.objects.get(pk=asset.pk), grantee_id=provider.pk, kind="values",
            channels=["hours"], resolution="daily", purpose="P", valid_from=NOW,
            valid_until=None, now=NOW, actor="A",
        )  # fmt: skip
    work(maker)
    assert heard_by(maker, person_of) == {"director", "operations"}
    with company_context(maker):
        own = DataRequest.objects.get(pk=request.pk)
        answer_request(request=own, accepts=True, now=NOW, actor="M")
    work(provider, maker)
    assert heard_by(provider, person_of) == {"director", "operations"}
    assert texts(person_of(provider, "operations"), provider, "data") == [
        "Maker Maschinenbau GmbH accepts your request for data of Press 1."
    ]


def test_an_asset_that_is_offered_and_the_answer(cast: dict[str, Any], person_of: People) -> None:
    from apps.supply.operations import accept_transfer
    from tests.integration.supply import scene as supply

    maker, financier = cast["maker"], cast["financier"]
    everybody(person_of, maker, financier)
    transfer = supply.offered(maker, supply.make_press(cast), supply.terms(financier))
    work(financier)
    buyer, seller = person_of(financier, "director"), person_of(maker, "director")
    assert texts(buyer, financier, "offers") == [
        "Maker Maschinenbau GmbH offers you an asset: Press P-1."
    ]
    with company_context(financier):
        accept_transfer(transfer_id=transfer.pk, defects=["a dent"], now=NOW, actor="F")
    work(maker)
    assert texts(seller, maker, "agreements") == [
        "Financier Leasing AG accepts the asset Press P-1 and has found defects."
    ]
    assert heard_by(maker, person_of) == {"director", "finance", "operations"}


def test_an_event_about_what_is_gone_is_silent(cast: dict[str, Any], person_of: People) -> None:
    person = person_of(cast["customer"], "director")
    payload = {"contract": "0191b1f0-0000-7000-8000-000000000000"}
    happened(cast["provider"], "contracts.offered", payload, [cast["customer"]])
    work(cast["customer"])
    assert told(person, cast["customer"]) == []
    with company_context(cast["customer"]):
        assert Job.objects.get(kind="notifications.tell").state == Job.State.DONE


def test_who_drafted_debits_is_not_asked_to_approve_them(
    cast: dict[str, Any], person_of: People
) -> None:
    provider = cast["provider"]
    everybody(person_of, provider)
    finance, director = person_of(provider, "finance"), person_of(provider, "director")
    run = drafted_run(provider, cast["customer"], finance)
    event = happened(provider, "payments.debits_drafted", {"run": str(run.pk)}, [provider])
    work(provider)
    assert told(finance, provider) == []
    assert heard_by(provider, person_of) == {"director"}
    assert texts(director, provider, "approvals") == [
        "finance provider has drafted 2 direct debits of 47.00\u00a0EUR. A second person approves them."
    ]
    with company_context(provider):
        assert tell_people(event=event, now=later(1)) == 0
        assert Notification.objects.get(person=director).subject == run.public_id


@pytest.mark.parametrize("state", ["drafted", "discarded"])
def test_nobody_is_asked_to_approve_what_is_discarded(
    cast: dict[str, Any], person_of: People, state: str
) -> None:
    from apps.payments.models import DebitRun

    provider = cast["provider"]
    director = person_of(provider, "director")
    run = drafted_run(provider, cast["customer"], person_of(provider, "finance"))
    with company_context(provider):
        DebitRun.objects.update(state=state)
    happened(provider, "payments.debits_drafted", {"run": str(run.pk)}, [provider])
    work(provider)
    assert len(told(director, provider)) == (state == "drafted")


def drafted_run(company: Any, payer: Any, person: Any) -> Any:
    """As it is drafted from what may be collected: 12 and 35 euros."""
    from apps.payments.models import Debit, DebitRun

    own: dict[str, Any] = {"author": company, "parties": [company.pk]}
    with company_context(company):
        run = DebitRun.objects.create(
            **own, collected_on=NOW.date() + timedelta(days=5), drafted_by_id=person.pk,
            drafted_by=str(person), drafted_at=NOW,
        )  # fmt: skip
        for name, minor in (("inv_1", 12_00), ("inv_2", 35_00)):
            Debit.objects.create(
                **own, run=run, payer=payer, payer_name=payer.name, reference=name, title=name,
                amount_minor=minor, mandate_reference="M-1",
            )  # fmt: skip
    return run


def test_overdue_invoices_are_told_once_to_who_looks_after_them(
    provider: Any, customer: Any, person_of: People, issued: Invoice
) -> None:
    from tests.integration.billing.test_reminders import DUE, at

    everybody(person_of, provider, customer)
    seller = person_of(provider, "finance")

    def look(days: int) -> int:
        with company_context(provider):
            return tell_overdue(now=at(DUE + timedelta(days=days)))

    assert look(0) == 0, "it may still be paid on its day"
    assert look(1) == 2
    assert [look(day) for day in (1, 2, 3, 9)] == [0, 0, 0, 0]
    assert heard_by(customer, person_of) == set()
    assert {one for one in POSITIONS if texts(person_of(provider, one), provider, "overdue")} == {
        "director", "finance",
    }  # fmt: skip
    [text] = texts(seller, provider, "overdue")
    since = portal.day(DUE + timedelta(days=1))
    assert text.startswith(f"Invoice {issued.number} to Customer")
    assert f"is overdue since {since}: " in text


def test_what_is_paid_or_long_ago_is_not_told(
    provider: Any, person_of: People, issued: Invoice
) -> None:
    from tests.integration.billing.test_reminders import DUE, at
    from tests.integration.supply.scene import pay

    seller = person_of(provider, "finance")
    with company_context(provider):
        assert tell_overdue(now=at(DUE + timedelta(days=9))) == 0, "no news any more"
    pay(provider, issued, issued.gross_minor, at(DUE))
    with company_context(provider):
        assert tell_overdue(now=at(DUE + timedelta(days=1))) == 0
    assert texts(seller, provider, "overdue") == []


def test_the_day_is_looked_at_by_a_job_of_each_day(
    provider: Any, person_of: People, issued: Invoice
) -> None:
    from apps.events.domain.registry import housekeeping_kinds
    from apps.events.operations import enqueue
    from tests.integration.billing.test_reminders import DUE, at

    seller, moment = person_of(provider, "finance"), at(DUE + timedelta(days=3))
    assert housekeeping_kinds()["notifications.tell_overdue"] == 24 * 60
    for _twice in range(2):
        with company_context(provider):
            enqueue(kind="notifications.tell_overdue", payload={}, now=moment)
        work(provider, now=moment)
    assert len(texts(seller, provider, "overdue")) == 1
