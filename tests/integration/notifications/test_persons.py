"""A notification is one person's in one company; the database says so too."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership
from apps.notifications.models import Choice, Mail, Notification
from apps.notifications.operations import Chosen, mark_read, save_choices
from apps.notifications.queries import inbox, unread_count
from apps.tenancy.context import as_app, company_context, person_context
from tests.integration.notifications.scene import NOW, contract_of, later, offered, work

People = Callable[..., Any]


@pytest.fixture
def two(cast: dict[str, Any], person_of: People) -> tuple[Any, Any]:
    """Two people of the customer, each told of an offer."""
    customer = cast["customer"]
    people = person_of(customer, "finance"), person_of(customer, "operations")
    offered(contract_of(cast["provider"], customer))
    work(customer)
    return people


def test_the_database_shows_a_person_its_own_rows_alone(
    cast: dict[str, Any], two: tuple[Any, Any]
) -> None:
    one, _other = two
    with company_context(cast["customer"]), as_app():
        assert Notification.objects.count() == 2, "a job acts for the company"
        with person_context(one.pk):
            assert [row.person_id for row in Notification.objects.all()] == [one.pk]
            assert [row.person_id for row in Mail.objects.all()] == [one.pk]
        with person_context(987654):
            assert not Notification.objects.exists()
    for slug in ("provider", "stranger"):
        with company_context(cast[slug]), person_context(one.pk):
            assert not Notification.objects.exists()
            assert not Mail.objects.exists()


def test_the_database_lets_nobody_write_for_another(
    cast: dict[str, Any], two: tuple[Any, Any]
) -> None:
    one, other = two
    customer = cast["customer"]
    with company_context(customer), as_app(), person_context(one.pk):
        assert Notification.objects.filter(person=other).update(read_at=NOW) == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Notification.objects.filter(person=one).update(person=other)
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            save_choices(person=other, choices={"offers": Chosen(False, "never")})
    with company_context(customer):
        assert not Choice.objects.exists()
        with pytest.raises(Notification.DoesNotExist):
            theirs = Notification.objects.get(person=other)
            mark_read(notification_id=theirs.pk, person=one, now=NOW)


def test_a_person_of_two_companies_reads_each_where_it_happened(
    cast: dict[str, Any], two: tuple[Any, Any]
) -> None:
    one, _other = two
    workshop = cast["workshop"]
    with company_context(workshop):
        Membership.objects.create(
            author=workshop, parties=[workshop.pk], user=one, position="director", joined_at=NOW
        )
        assert unread_count(one) == 0
        assert not inbox(one).exists()
    with company_context(cast["customer"]):
        assert unread_count(one) == 1


def test_choices_hold_for_one_company(cast: dict[str, Any], person_of: People) -> None:
    customer, provider = cast["customer"], cast["provider"]
    one = person_of(customer, "director")
    with company_context(provider):
        Membership.objects.create(
            author=provider, parties=[provider.pk], user=one, position="director", joined_at=NOW
        )
        save_choices(person=one, choices={"offers": Chosen(False, "never")})
    offered(contract_of(provider, customer))
    work(customer)
    with company_context(customer):
        assert unread_count(one) == 1


@pytest.mark.parametrize(("slug", "position"), [("customer", "director"), ("stranger", "finance")])
def test_anothers_notification_is_not_there_on_any_page(
    cast: dict[str, Any], two: tuple[Any, Any], client_of: Callable[..., Client], slug: str,
    position: str,
) -> None:  # fmt: skip
    with company_context(cast["customer"]):
        row = Notification.objects.get(person=two[0])
        mail = Mail.objects.get(person=two[0])
        Mail.objects.filter(pk=mail.pk).update(state="unclear", sent_at=None)
    client = client_of(cast[slug], position)
    assert "Pressing" not in client.get(reverse("notification_list")).content.decode()
    assert "badge" not in client.get(reverse("notification_bell")).content.decode()
    reading = reverse("notification_reading", args=[row.public_id])
    sending = reverse("notification_sending", args=[mail.public_id])
    assert client.post(reading, {"open": "1"}).status_code == 404
    assert client.post(sending).status_code == 404
    client.post(reverse("notification_reading_of_all"), {"until": later(1).isoformat()})
    with company_context(cast["customer"]):
        row.refresh_from_db()
        mail.refresh_from_db()
        assert (row.read_at, mail.state) == (None, "unclear")


def test_the_bells_number_is_read_off_its_index(cast: dict[str, Any], two: tuple[Any, Any]) -> None:
    one, _other = two
    with company_context(cast["customer"]), as_app(), person_context(one.pk):
        rows = inbox(one).filter(read_at=None).order_by()
        with connection.cursor() as cursor:
            cursor.execute("set local enable_seqscan = off")
        assert "notifications_unread" in rows[:100].explain()
