"""Mails: as chosen, once, never by a guess; and the mail of the day at seven."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import Membership
from apps.events.models import Job
from apps.events.operations import work_on
from apps.notifications.models import Mail, Notification
from apps.notifications.operations import Chosen, mailing, save_choices, send_again, send_mail
from apps.notifications.queries import doubtful_mails
from apps.tenancy.context import company_context
from tests.integration.notifications.scene import (
    MORNING,
    NOW,
    contract_of,
    happened,
    later,
    offered,
    told,
    work,
)

HERE = "tests.integration.notifications.scene"
SETTINGS = "http://customer.peruse.localhost:8000/notifications/topics/"
People = Callable[..., Any]


@pytest.fixture
def customer(cast: dict[str, Any]) -> Any:
    return cast["customer"]


@pytest.fixture
def person(customer: Any, person_of: People) -> Any:
    return person_of(customer, "finance")


@pytest.fixture
def contract(cast: dict[str, Any]) -> Any:
    return contract_of(cast["provider"], cast["customer"])


def choose(
    person: Any, company: Any, mail: str, in_app: bool = True, topic: str = "offers"
) -> None:
    with company_context(company):
        save_choices(person=person, choices={topic: Chosen(in_app, mail)})


def mails(company: Any) -> list[str]:
    """States of all mails of a company."""
    with company_context(company):
        return sorted(Mail.objects.values_list("state", flat=True))


def the_mail(company: Any) -> Mail:
    with company_context(company):
        found: Mail = Mail.objects.get()
    return found


def sending(company: Any) -> Job:
    with company_context(company):
        found: Job = Job.objects.get(kind="notifications.send_mail")
    return found


def test_at_once_in_the_readers_language_with_the_way_to_the_thing(
    customer: Any, person_of: People, contract: Any, mailoutbox: list[Any]
) -> None:
    person_of(customer, "finance", "de")
    person_of(customer, "operations", "en")
    offered(contract)
    work(customer)
    german, english = sorted(mailoutbox, key=lambda mail: mail.to)
    assert german.to == ["finance@customer.example"]
    assert german.subject == "Provider Services GmbH bietet Ihnen den Vertrag „Pressing“ an."
    assert english.subject == "Provider Services GmbH offers you the contract “Pressing”."
    address = f"http://customer.peruse.localhost:8000/contracts/{contract.public_id}/"
    for mail in (german, english):
        assert mail.subject in mail.body
        assert address in mail.body
        assert SETTINGS in mail.body
    assert "Guten Tag" in german.body
    assert mails(customer) == ["sent", "sent"]


def test_never_by_mail_is_in_the_portal_alone(
    customer: Any, person: Any, contract: Any, mailoutbox: list[Any]
) -> None:
    choose(person, customer, "never")
    offered(contract)
    work(customer)
    assert told(person, customer) == [("offers", "contract_offered")]
    work(customer, now=MORNING)
    assert mailoutbox == []


def test_neither_way_is_nothing_at_all(
    customer: Any, person: Any, contract: Any, mailoutbox: list[Any]
) -> None:
    choose(person, customer, "never", in_app=False)
    offered(contract)
    work(customer)
    assert told(person, customer) == []
    assert mailoutbox == []


def test_the_mail_of_the_day_tells_all_that_waits_once_and_nothing_when_nothing_does(
    customer: Any, person: Any, contract: Any, mailoutbox: list[Any]
) -> None:
    choose(person, customer, "daily")
    offered(contract)
    happened(contract.author, "contracts.plan_proposed", {"contract": str(contract.pk)}, [customer])
    work(customer)
    work(customer, now=MORNING - timedelta(minutes=1))
    assert mailoutbox == []
    for _again in range(2):
        work(customer, now=MORNING)
    [mail] = mailoutbox
    assert mail.subject == "Customer Foods GmbH: 2 pieces of news"
    assert "offers you the contract" in mail.body
    assert "proposes new prices" in mail.body
    for days in range(1, 4):
        work(customer, now=MORNING + timedelta(days=days))
    assert len(mailoutbox) == 1
    assert mails(customer) == ["sent"]


def test_one_mail_a_day_also_when_the_clock_stood_still(
    customer: Any, person: Any, contract: Any, mailoutbox: list[Any]
) -> None:
    """The scheduler was away over two mornings: both days' jobs run, and one mail tells it all."""
    choose(person, customer, "daily")
    offered(contract)
    work(customer)
    happened(contract.author, "contracts.plan_proposed", {"contract": str(contract.pk)}, [customer])
    work(customer, now=MORNING + timedelta(days=1))
    work(customer, now=MORNING + timedelta(days=2))
    assert sum(mail.body.count("/contracts/") for mail in mailoutbox) == 2
    assert len(mailoutbox) == len({mail.body for mail in mailoutbox})


def test_what_is_no_longer_wanted_stays_out_of_the_mail_of_the_day(
    customer: Any, person: Any, contract: Any, mailoutbox: list[Any]
) -> None:
    choose(person, customer, "daily")
    offered(contract)
    work(customer)
    choose(person, customer, "never")
    work(customer, now=MORNING)
    assert mailoutbox == []
    assert mails(customer) == []


def test_seven_is_by_the_companys_clock(
    cast: dict[str, Any], person_of: People, mailoutbox: list[Any]
) -> None:
    stranger = cast["stranger"]
    reader = person_of(stranger, "finance")
    choose(reader, stranger, "daily")
    offered(contract_of(cast["provider"], stranger))
    work(stranger)
    work(stranger, now=MORNING)
    assert mailoutbox == [], "it is six in London"
    work(stranger, now=MORNING + timedelta(hours=1))
    assert len(mailoutbox) == 1


def test_a_worker_killed_while_it_sends_sends_nothing_twice(
    customer: Any, person: Any, contract: Any, mailoutbox: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The mail has left and nobody wrote it down: the next worker must not guess."""

    class Killed(BaseException):
        pass

    def dies(*_args: Any, **_facts: Any) -> str:
        raise Killed

    offered(contract)
    with monkeypatch.context() as patch:
        patch.setattr(mailing, "_become", dies)
        with pytest.raises(Killed):
            work(customer)
    assert len(mailoutbox) == 1
    assert mails(customer) == ["sending"]
    job = sending(customer)
    with company_context(customer):
        work_on(job_id=job.pk, now=later(5))
        assert Job.objects.get(pk=job.pk).result == {"state": "unclear"}
        assert [row.pk for row in doubtful_mails(person)] == [the_mail(customer).pk]
    assert len(mailoutbox) == 1
    assert mails(customer) == ["unclear"]


def test_its_reader_may_ask_for_a_doubtful_mail_once_more(
    customer: Any, person: Any, contract: Any, mailoutbox: list[Any], person_of: People,
    settings: Any,
) -> None:  # fmt: skip
    settings.EMAIL_BACKEND = f"{HERE}.Breaking"
    offered(contract)
    work(customer)
    assert mails(customer) == ["unclear"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail = the_mail(customer)
    with company_context(customer):
        other = person_of(customer, "director")
        assert not send_again(mail_id=mail.pk, person=other, now=later(1))
        assert send_again(mail_id=mail.pk, person=person, now=later(1))
        assert not send_again(mail_id=mail.pk, person=person, now=later(1))
    work(customer, now=later(2))
    assert mails(customer) == ["sent"]
    assert len(mailoutbox) == 2


@pytest.mark.parametrize("backend", ["Refusing", "Away"])
def test_a_server_that_says_no_is_asked_three_times(
    customer: Any, person: Any, contract: Any, mailoutbox: list[Any], settings: Any, backend: str
) -> None:
    settings.EMAIL_BACKEND = f"{HERE}.{backend}"
    offered(contract)
    for minutes in range(5):
        work(customer, now=later(minutes))
    assert mails(customer) == ["refused"]
    job = sending(customer)
    assert (job.state, job.attempts) == ("parked", 3)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with company_context(customer):
        assert send_again(mail_id=the_mail(customer).pk, person=person, now=later(9))
    work(customer, now=later(9))
    assert len(mailoutbox) == 1
    assert the_mail(customer).problem == ""


def test_a_refused_mail_leaves_when_the_server_is_back(
    customer: Any, person: Any, contract: Any, mailoutbox: list[Any], settings: Any
) -> None:
    settings.EMAIL_BACKEND = f"{HERE}.Away"
    offered(contract)
    work(customer)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    for minutes in range(1, 4):
        work(customer, now=later(minutes))
    assert len(mailoutbox) == 1
    assert mails(customer) == ["sent"]


def test_a_slow_worker_that_comes_through_knows_better(
    customer: Any, person: Any, contract: Any, monkeypatch: pytest.MonkeyPatch,
    mailoutbox: list[Any],
) -> None:  # fmt: skip
    """Its lease ran out, another called the mail unclear, and then it was told: sent."""
    hand_over = mailing._hand_over

    def slowly(message: Any) -> None:
        with company_context(customer):
            assert send_mail(mail_id=the_mail(customer).pk, now=later(2)) == "unclear"
        hand_over(message)

    monkeypatch.setattr(mailing, "_hand_over", slowly)
    offered(contract)
    work(customer)
    assert mails(customer) == ["sent"]
    assert len(mailoutbox) == 1


def test_who_has_left_gets_no_mail(
    customer: Any, person: Any, contract: Any, mailoutbox: list[Any]
) -> None:
    choose(person, customer, "daily")
    offered(contract)
    work(customer)
    with company_context(customer):
        Membership.objects.filter(author=customer, user=person).update(ended_at=later(1))
    work(customer, now=MORNING)
    assert mailoutbox == []
    assert mails(customer) == ["dropped"]


def test_old_news_is_forgotten(customer: Any, person: Any, contract: Any) -> None:
    from apps.notifications.operations import drop_old

    offered(contract)
    work(customer)
    with company_context(customer):
        assert drop_old(now=NOW + timedelta(days=179)) == 0
        assert drop_old(now=NOW + timedelta(days=181)) == 1
        assert not Mail.objects.exists()
        assert not Notification.objects.exists()
