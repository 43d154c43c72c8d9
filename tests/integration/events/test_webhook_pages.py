"""Pages of webhooks: set up, secret shown once, tested, watched, sent again, and foreign ones absent."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.wording import WEBHOOK_EVENTS
from apps.events.domain.public import DELIVERED, NAMES, TEST
from apps.events.models import Webhook, WebhookMessage
from apps.events.operations import make_webhook, run_waiting_jobs, send_test
from apps.tenancy.context import company_context
from tests.integration.events import receiver as answers
from tests.integration.events.receiver import Receiver

ClientOf = Callable[..., Client]


@pytest.fixture
def client(cast: dict[str, Any], client_of: ClientOf) -> Client:
    return client_of(cast["provider"], "technician")


@pytest.fixture
def made(cast: dict[str, Any], receiver: Receiver) -> Webhook:
    with company_context(cast["provider"]):
        return make_webhook(
            url=receiver.url, description="Bookkeeping", events=["invoice.issued"],
            now=timezone.now(),
        )[0]  # fmt: skip


def work(cast: dict[str, Any], later: timedelta = timedelta()) -> None:
    with company_context(cast["provider"]):
        run_waiting_jobs(now=timezone.now() + later)


def test_every_event_has_words() -> None:
    assert set(WEBHOOK_EVENTS) == {*NAMES, TEST, DELIVERED}


def test_setting_one_up_shows_the_secret_once(
    cast: dict[str, Any], client: Client, receiver: Receiver
) -> None:
    assert "No webhooks yet" in client.get("/webhooks/").content.decode()
    form = {"url": receiver.url, "description": "ERP", "events": ["invoice.issued"]}
    answer = client.post("/webhooks/new/", form)
    assert answer.headers["Cache-Control"].startswith("no-store, private")
    secret = re.findall(r"whsec_[A-Za-z0-9+/=]{44}", answer.content.decode())[0]
    with company_context(cast["provider"]):
        webhook = Webhook.objects.get()
    assert (webhook.description, webhook.events) == ("ERP", ["invoice.issued"])
    for path in ("/webhooks/", f"/webhooks/{webhook.public_id}/",
                 f"/webhooks/{webhook.public_id}/edit/", "/webhooks/messages/"):  # fmt: skip
        assert secret[6:-1] not in client.get(path).content.decode()
    again = client.post(f"/webhooks/{webhook.public_id}/secret/").content.decode()
    assert secret not in again
    assert "whsec_" in again


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hooks.example.com/", "Enter an address that begins with https://"),
        ("https://10.0.0.1/", "Enter the name of a host, not its IP address."),
        ("https://a:b@hooks.example.com/", "Leave name and password out"),
        ("https://hooks.example.com:22/", "This port is not allowed."),
        ("", "This field is required."),
    ],
)
def test_a_refused_address_says_why_and_keeps_what_was_typed(
    client: Client, url: str, words: str
) -> None:
    form = {"url": url, "description": "Typed", "events": ["invoice.issued"]}
    text = client.post("/webhooks/new/", form).content.decode()
    assert words in text
    assert 'value="Typed"' in text
    assert re.search(r'value="invoice.issued"[^>]*checked', text)


def test_in_german(cast: dict[str, Any], client_of: ClientOf, made: Webhook) -> None:
    client = client_of(cast["provider"], "director")
    User.objects.filter(email="director@provider.example").update(language="de")
    text = client.post("/webhooks/new/", {"url": "http://x.de"}).content.decode()
    assert "Geben Sie eine Adresse ein, die mit https:// beginnt." in text
    assert "Rechnungen oder Gutschriften wurden ausgestellt" in text
    client.post(f"/webhooks/{made.public_id}/pause/")
    assert "durch: eine Person" in client.get(f"/webhooks/{made.public_id}/").content.decode()


def test_a_test_message_and_its_page(
    cast: dict[str, Any], client: Client, made: Webhook, receiver: Receiver
) -> None:
    receiver.answer = answers.with_status(500, b"<script>alert(1)</script>")
    answer = client.post(f"/webhooks/{made.public_id}/test-message/")
    page = answer.headers["Location"]
    assert 'hx-trigger="every 2s"' in client.get(page).content.decode()
    work(cast)
    text = client.get(page).content.decode()
    assert "hx-trigger" not in re.findall(r'id="tries"[^>]*', text)[0]
    assert "&lt;script&gt;alert(1)" in text
    assert "it answered with an error" in text
    assert "Bookkeeping" in client.get("/webhooks/messages/?state=failed").content.decode()
    assert (
        ">test.ping</a>" not in client.get("/webhooks/messages/?state=delivered").content.decode()
    )
    receiver.answer = answers.with_status(204)
    client.post(f"{page}replay/")
    work(cast)
    assert "Delivered" in client.get(page).content.decode()
    assert len(set(receiver.ids)) == 1


def test_all_not_taken_are_sent_again(
    cast: dict[str, Any], client: Client, made: Webhook, receiver: Receiver
) -> None:
    receiver.answer = answers.with_status(500)
    for _ in range(2):
        client.post(f"/webhooks/{made.public_id}/test-message/")
    work(cast)
    receiver.answer = answers.with_status(204)
    path = f"/webhooks/{made.public_id}/replay/"
    assert "Enter a valid date" in client.post(path, {"since": "x"}, follow=True).content.decode()
    text = client.post(path, {"since": "2020-01-01T00:00"}, follow=True).content.decode()
    assert "2 messages are sent again." in text
    work(cast, timedelta(minutes=10))
    with company_context(cast["provider"]):
        assert set(WebhookMessage.objects.values_list("state", flat=True)) == {"delivered"}


def test_paused_changed_and_removed(client: Client, made: Webhook, receiver: Receiver) -> None:
    one = f"/webhooks/{made.public_id}/"
    text = client.post(f"{one}pause/", follow=True).content.decode()
    assert "Paused since" in text
    assert "by a person" in text
    assert "Let it go on first" in client.post(f"{one}test-message/", follow=True).content.decode()
    client.post(f"{one}resumption/")
    form = {"url": receiver.url, "description": "Other", "events": ["payment.received"]}
    text = client.post(f"{one}edit/", form, follow=True).content.decode()
    assert "Other" in text
    assert "payment.received" in text
    client.post(f"{one}removal/")
    assert client.get(one).status_code == 404
    assert "Other" not in client.get("/webhooks/").content.decode()


def test_a_foreign_one_is_absent(cast: dict[str, Any], client_of: ClientOf, made: Webhook) -> None:
    with company_context(cast["provider"]):
        message = send_test(webhook=made, now=timezone.now())
    stranger = client_of(cast["customer"], "director")
    one = f"/webhooks/{made.public_id}/"
    paths = [one, f"{one}edit/", f"/webhooks/messages/{message.public_id}/"]
    assert [stranger.get(path).status_code for path in paths] == [404] * 3
    acts = [
        f"{one}{act}/"
        for act in ("pause", "resumption", "removal", "secret", "replay", "test-message")
    ]
    acts.append(f"/webhooks/messages/{message.public_id}/replay/")
    assert [stranger.post(path).status_code for path in acts] == [404] * 7
    assert "Bookkeeping" not in stranger.get("/webhooks/messages/").content.decode()
    with company_context(cast["provider"]):
        assert Webhook.objects.get().state == "active"


def test_who_may_not_manage_keys_may_not_see_them(
    cast: dict[str, Any], client_of: ClientOf, made: Webhook
) -> None:
    viewer = client_of(cast["provider"], "viewer")
    for path in (
        "/webhooks/",
        "/webhooks/new/",
        "/webhooks/messages/",
        f"/webhooks/{made.public_id}/",
    ):
        assert viewer.get(path).status_code == 403
