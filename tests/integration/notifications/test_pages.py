"""The bell, the list, reading, and what to hear of, as a person uses them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.notifications.domain.topics import TOPICS
from apps.notifications.models import Choice, Mail, Notification
from apps.tenancy.context import company_context
from tests.integration.notifications.scene import contract_of, happened, offered, told, work

People = Callable[..., Any]
LIST, BELL, TOPICS_PAGE = "notification_list", "notification_bell", "notification_topics"


@pytest.fixture
def customer(cast: dict[str, Any]) -> Any:
    return cast["customer"]


@pytest.fixture
def client(customer: Any, client_of: Callable[..., Client]) -> Client:
    return client_of(customer, "finance")


@pytest.fixture
def contract(cast: dict[str, Any]) -> Any:
    return contract_of(cast["provider"], cast["customer"])


def shown(client: Client, name: str = LIST, **query: str) -> str:
    answer = client.get(reverse(name), query)
    assert answer.status_code == 200
    return answer.content.decode()


def row_of(company: Any) -> Notification:
    with company_context(company):
        found: Notification = Notification.objects.get()
    return found


def test_an_empty_list_says_what_will_stand_there(client: Client) -> None:
    html = shown(client)
    assert "Nothing new" in html
    assert reverse(TOPICS_PAGE) in html
    assert "Mark all as read" not in html
    assert "bell-number" not in shown(client, BELL)


def test_every_page_has_the_bell_and_asks_for_its_number_by_itself(client: Client) -> None:
    html = client.get("/contracts/").content.decode()
    assert f'hx-get="{reverse(BELL)}"' in html
    assert f'href="{reverse(LIST)}"' in html


def test_what_was_told_is_listed_opened_and_read(
    client: Client, customer: Any, contract: Any
) -> None:
    offered(contract)
    work(customer)
    html = shown(client)
    assert "Provider Services GmbH offers you the contract “Pressing”." in html
    assert "Offers and proposals to us" in html
    assert ">1<" in shown(client, BELL)
    row = row_of(customer)
    reading = reverse("notification_reading", args=[row.public_id])
    assert reading in html
    assert client.get(reading).status_code == 405
    opened = client.post(reading, {"open": "1"})
    assert opened["Location"] == reverse("contract_detail", args=[contract.public_id])
    first = row_of(customer).read_at
    assert first is not None
    assert client.post(reading)["Location"] == reverse(LIST)
    assert row_of(customer).read_at == first
    assert "bell-number" not in shown(client, BELL)
    html = shown(client)
    assert f'href="{reverse("contract_detail", args=[contract.public_id])}"' in html
    assert reading not in html


def test_all_are_marked_but_what_came_in_meanwhile(
    client: Client, customer: Any, contract: Any
) -> None:
    offered(contract)
    work(customer)
    row = row_of(customer)
    address = reverse("notification_reading_of_all")
    before = (row.created_at - timedelta(seconds=1)).isoformat()
    client.post(address, {"until": before})
    assert row_of(customer).read_at is None
    client.post(address, {"until": row.created_at.isoformat()})
    assert row_of(customer).read_at is not None
    for odd in ("", "never", "\0", "2099-01-01T00:00:00Z"):
        assert client.post(address, {"until": odd}).status_code == 302


def test_the_list_is_narrowed_by_state_and_topic(
    client: Client, customer: Any, contract: Any
) -> None:
    offered(contract)
    happened(contract.author, "contracts.activated", {"contract": str(contract.pk)}, [customer])
    work(customer)
    with company_context(customer):
        offer = Notification.objects.get(topic="offers")
    client.post(reverse("notification_reading", args=[offer.public_id]))
    unread = shown(client, state="unread")
    assert "is in force" in unread
    assert "offers you" not in unread
    offers = shown(client, topic="offers")
    assert "offers you" in offers
    assert "is in force" not in offers
    assert "Nothing matches" in shown(client, topic="reminders")
    for query in ({"topic": "x\0"}, {"page": "x"}, {"page": "99"}, {"state": "y"}):
        shown(client, **query)


def test_pages_of_twenty_five(client: Client, customer: Any, contract: Any) -> None:
    for _number in range(30):
        offered(contract)
    work(customer)
    first, second = shown(client), shown(client, page="2")
    assert first.count("notification-unread") == 25
    assert second.count("notification-unread") == 5
    assert 'rel="next"' in first
    assert ">30<" in shown(client, BELL)


def test_the_list_and_the_bell_take_few_queries(
    client: Client, customer: Any, contract: Any
) -> None:
    for _number in range(30):
        offered(contract)
    work(customer)
    for name, most in ((LIST, 11), (BELL, 8), (TOPICS_PAGE, 8)):
        client.get(reverse(name))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse(name))
        assert len(queries) <= most, (name, len(queries))


def test_in_german(
    customer: Any, contract: Any, person_of: People, client_of: Callable[..., Client]
) -> None:
    person_of(customer, "operations", "de")
    client = client_of(customer, "operations")
    offered(contract)
    work(customer)
    html = shown(client)
    assert "bietet Ihnen den Vertrag „Pressing“ an" in html
    assert "Benachrichtigungen" in html
    assert "Alle als gelesen markieren" in html
    assert "Wovon ich erfahre" in shown(client, TOPICS_PAGE)


def test_each_position_chooses_among_its_own_topics(
    customer: Any, client_of: Callable[..., Client]
) -> None:
    def fields(position: str) -> set[str]:
        html = shown(client_of(customer, position), TOPICS_PAGE)
        return {code for code in TOPICS if f'name="{code}-mail"' in html}

    assert fields("viewer") == set()
    assert "Nothing is told to your position" in shown(client_of(customer, "viewer"), TOPICS_PAGE)
    assert fields("technician") == {"readings"}
    assert "readings" not in fields("finance")
    assert {"invoices", "reminders", "approvals"} <= fields("finance")
    assert fields("director") == set(TOPICS)


def test_choices_are_kept_and_count_from_the_next_on(
    client: Client, customer: Any, contract: Any, person_of: People, mailoutbox: list[Any]
) -> None:
    html = shown(client, TOPICS_PAGE)
    assert 'name="offers-in_app"' in html
    sent = {f"{code}-mail": "daily" for code in TOPICS if f'name="{code}-mail"' in html}
    sent |= {f"{code}-in_app": "on" for code in TOPICS if f'name="{code}-mail"' in html}
    sent |= {"offers-mail": "never"}
    del sent["offers-in_app"]
    assert client.post(reverse(TOPICS_PAGE), sent).status_code == 302
    with company_context(customer):
        offers = Choice.objects.get(topic="offers")
        assert (offers.in_app, offers.mail_mode) == (False, "never")
    again = shown(client, TOPICS_PAGE)
    assert 'name="offers-in_app"' in again
    assert again.count("checked") == html.count("checked") - 1
    offered(contract)
    work(customer)
    assert told(person_of(customer, "finance"), customer) == []
    assert mailoutbox == []


def test_an_unknown_way_is_refused_and_nothing_is_kept(client: Client, customer: Any) -> None:
    answer = client.post(reverse(TOPICS_PAGE), {"offers-mail": "hourly"})
    assert answer.status_code == 422
    with company_context(customer):
        assert not Choice.objects.exists()


def test_a_doubtful_mail_is_shown_and_sent_again_by_a_button(
    client: Client, customer: Any, contract: Any, mailoutbox: list[Any]
) -> None:
    offered(contract)
    work(customer)
    with company_context(customer):
        Mail.objects.update(state="unclear", sent_at=None)
        mail = Mail.objects.get()
    html = shown(client)
    assert "Mails that may not have reached you" in html
    address = reverse("notification_sending", args=[mail.public_id])
    assert address in html
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 404
    assert "Mails that may not have reached you" not in shown(client)
