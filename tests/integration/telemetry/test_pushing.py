"""Shares that are pushed: signed CloudEvents to the holder's endpoint, logged, and nothing after the end."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from apps.assets.models import DataGrant, GrantedSeries, GrantRead
from apps.assets.operations import end_grants, revoke_grant
from apps.common.fields import uuid7
from apps.events.models import AuditRow, Job, Webhook, WebhookMessage, WebhookPush
from apps.events.operations import (
    make_webhook,
    messages,
    pause_webhook,
    posting,
    remove_webhook,
    replay_message,
    resume_webhook,
    run_waiting_jobs,
)
from apps.telemetry.operations import Outcome, recompute_dirty
from apps.telemetry.operations.delivering import deliver_for
from apps.telemetry.operations.pushing import (
    push_everything,
    push_grant,
    stop_ended_pushes,
    stop_pushing,
)
from apps.tenancy.context import company_context
from tests.integration.events import receiver as answers
from tests.integration.events.receiver import Receiver, receiving
from tests.integration.events.test_sending import is_signed
from tests.integration.telemetry.conftest import Machine

Send = Callable[..., list[Outcome]]
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
FACTS = {"cycles": {"title": "Cycles", "kind": "counter", "unit": "1"}}


def at(hours: float) -> datetime:
    return OCTOBER + timedelta(hours=hours)


@pytest.fixture
def receiver(settings: Any) -> Any:
    settings.PERUSE_WEBHOOKS_TO_LOOPBACK = True
    with receiving() as found:
        yield found


@pytest.fixture
def running(machine: Machine, send: Send, hour: Any) -> Machine:
    """Three days, ten cycles an hour, of the maker's machine."""
    send(*(machine.item("cycles", hour(n), str(10 * n)) for n in range(73)))
    recompute_dirty(now=at(72))
    return machine


@pytest.fixture
def grant(running: Machine, cast: dict[str, Any]) -> DataGrant:
    """To the financier; the customer uses the machine and sees the log."""
    parties = sorted(cast[slug].pk for slug in ("maker", "financier", "customer"))
    with company_context(cast["maker"]):
        found: DataGrant = DataGrant.objects.create(
            author=cast["maker"], parties=parties, asset=running.asset, asset_label="Machine",
            grantee=cast["financier"], contract_id=uuid7(), channels=["cycles"],
            channel_facts=FACTS, resolution="hourly", purpose="financing", valid_from=at(0.5),
            revocable=True,
        )  # fmt: skip
    return found


@pytest.fixture
def hook(cast: dict[str, Any], receiver: Receiver) -> tuple[Webhook, str]:
    with company_context(cast["financier"]):
        return make_webhook(url=receiver.url, description="Bank", events=[], now=at(0))


@pytest.fixture
def pushed(grant: DataGrant, hook: tuple[Webhook, str], cast: dict[str, Any]) -> DataGrant:
    with company_context(cast["financier"]):
        push_grant(grant=grant, webhook=hook[0], now=at(1))
    return grant


@pytest.fixture
def work(cast: dict[str, Any]) -> Callable[[datetime], None]:
    """The financier's jobs."""

    def run(now: datetime) -> None:
        with company_context(cast["financier"]):
            run_waiting_jobs(now=now)

    return run


def deliver(cast: dict[str, Any], now: datetime) -> int:
    with company_context(cast["maker"]):
        return deliver_for(now=now, since=None)


def events_of(receiver: Receiver) -> list[dict[str, Any]]:
    return [event for _headers, body in receiver.got for event in json.loads(body)]


def log_of(company: Any) -> list[tuple[str, str, int]]:
    with company_context(company):
        rows = GrantRead.objects.select_related("author").order_by("read_at", "id")
        return [(row.author.slug, row.reader, row.row_count) for row in rows]


def test_a_delivery_arrives_as_signed_cloud_events_and_all_see_it(
    pushed: DataGrant, hook: tuple[Webhook, str], receiver: Receiver, cast: dict[str, Any],
    work: Any,
) -> None:  # fmt: skip
    assert deliver(cast, at(3.5)) == 2
    work(at(3.5))
    [(headers, body)] = receiver.got
    assert headers["content-type"] == "application/cloudevents-batch+json"
    assert is_signed(hook[1], headers, body)
    [first, second] = json.loads(body)
    asset = pushed.asset_public_id
    with company_context(cast["financier"]):
        row = GrantedSeries.objects.order_by("start").first()
    assert row is not None
    stamp = int(at(3.5).timestamp()) * 1_000_000
    assert first == {
        "specversion": "1.0", "id": f"{row.public_id}.{stamp}", "source": f"/maker/assets/{asset}",
        "type": "peruse.usage.hourly", "subject": "cycles", "time": "2026-10-01T01:00:00Z",
        "datacontenttype": "application/json",
        "data": {"grant": pushed.public_id, "asset": asset, "channel": "cycles", "unit": "1",
                 "start": "2026-10-01T01:00:00Z", "end": "2026-10-01T02:00:00Z", "usage": "10",
                 "readings": row.reading_count},
    }  # fmt: skip
    assert second["data"]["start"] == "2026-10-01T02:00:00Z"
    host = f"127.0.0.1:{receiver.port}"
    for slug in ("maker", "financier", "customer"):
        assert log_of(cast[slug]) == [("maker", "", 2), ("financier", host, 2)], slug
    for slug in ("provider", "stranger"):
        assert log_of(cast[slug]) == []


def test_a_correction_is_another_version_and_what_is_no_more_is_withdrawn(
    pushed: DataGrant, running: Machine, send: Send, receiver: Receiver, cast: dict[str, Any],
    work: Any,
) -> None:  # fmt: skip
    deliver(cast, at(3.5))
    work(at(3.5))
    before = events_of(receiver)[0]["id"].split(".")[0]
    receiver.got.clear()
    with company_context(cast["maker"]):
        send(running.item("cycles", "2026-10-01T01:30:00Z", "15"))
        recompute_dirty(now=at(3.6))
    deliver(cast, at(3.7))
    work(at(3.7))
    [again] = events_of(receiver)
    assert again["id"].split(".")[0] == before
    assert again["id"] != before
    receiver.got.clear()
    with company_context(cast["maker"]):
        DataGrant.objects.filter(pk=pushed.pk).update(valid_until=at(2.5))
    deliver(cast, at(2.4))
    work(at(2.4))
    [gone] = events_of(receiver)
    assert (gone["type"], gone["time"]) == ("peruse.usage.withdrawn", "2026-10-01T02:00:00Z")
    assert "usage" not in gone["data"]


def test_a_push_begins_with_what_is_delivered_and_can_be_repeated(
    grant: DataGrant, hook: tuple[Webhook, str], receiver: Receiver, cast: dict[str, Any],
    work: Any,
) -> None:  # fmt: skip
    deliver(cast, at(72))
    work(at(72))
    assert receiver.got == []
    with company_context(cast["financier"]):
        push_grant(grant=grant, webhook=hook[0], now=at(72))
    work(at(72))
    assert len(events_of(receiver)) == 71
    with company_context(cast["financier"]):
        assert push_everything(grant_id=grant.pk, now=at(73)) == 71
    work(at(73))
    ids = [event["id"] for event in events_of(receiver)]
    assert (len(ids), len(set(ids))) == (142, 71)


def test_many_values_are_several_messages(
    pushed: DataGrant, receiver: Receiver, cast: dict[str, Any], work: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("apps.telemetry.operations.pushing.EVENTS_A_MESSAGE", 30)
    deliver(cast, at(72))
    work(at(72))
    assert [len(json.loads(body)) for _headers, body in receiver.got] == [30, 30, 11]


@pytest.mark.parametrize("end", ["revoked", "ended", "time", "stopped"])
def test_after_the_end_nothing_is_pushed_nor_tried_again(
    pushed: DataGrant, receiver: Receiver, cast: dict[str, Any], work: Any, end: str
) -> None:
    receiver.answer = answers.with_status(500)
    deliver(cast, at(3.5))
    work(at(3.5))
    assert len(receiver.got) == 1
    with company_context(cast["maker"]):
        if end == "revoked":
            revoke_grant(grant=pushed, now=at(3.5))
        elif end == "ended":
            assert pushed.contract_id is not None
            end_grants(contract_id=pushed.contract_id, now=at(3.5))
        elif end == "time":
            DataGrant.objects.filter(pk=pushed.pk).update(valid_until=at(3.5))
    if end == "stopped":
        with company_context(cast["financier"]):
            assert stop_pushing(grant=pushed, now=at(3.5))
    receiver.answer = answers.with_status(204)
    work(at(3.6))
    deliver(cast, at(9.5))
    work(at(9.5))
    assert len(receiver.got) == 1
    with company_context(cast["financier"]):
        [message] = WebhookMessage.objects.all()
        assert (message.state, message.reason, message.body) == ("given_up", "ended", "")
        with pytest.raises(ValidationError, match="not kept here any more"):
            replay_message(message=message, now=at(10))


def test_the_control_a_living_grant_is_tried_again(
    pushed: DataGrant, receiver: Receiver, cast: dict[str, Any], work: Any
) -> None:
    receiver.answer = answers.with_status(500)
    deliver(cast, at(3.5))
    work(at(3.5))
    receiver.answer = answers.with_status(204)
    work(at(3.6))
    assert len(receiver.got) == 2
    with company_context(cast["financier"]):
        [message] = WebhookMessage.objects.all()
        assert (message.state, message.body) == ("delivered", "")


@pytest.mark.parametrize(("reason", "state"), [("status", "given_up"), ("", "delivered")])
def test_what_ends_while_a_try_is_under_way_is_not_opened_again(
    pushed: DataGrant, cast: dict[str, Any], work: Any, monkeypatch: pytest.MonkeyPatch,
    reason: str, state: str,
) -> None:  # fmt: skip
    def post(**_words: Any) -> posting.Answer:
        assert stop_pushing(grant=pushed, now=at(3.5))
        return posting.Answer(reason, 500 if reason else 204)

    monkeypatch.setattr(messages, "post", post)
    deliver(cast, at(3.5))
    work(at(3.5))
    with company_context(cast["financier"]):
        message = WebhookMessage.objects.get()
        assert (message.state, message.body, message.next_at) == (state, "", None)
    assert len(log_of(cast["maker"])) == (1 if reason else 2)


def test_what_waits_under_an_ended_grant_loses_its_data_within_a_minute(
    pushed: DataGrant, receiver: Receiver, cast: dict[str, Any], work: Any
) -> None:
    receiver.answer = answers.with_status(500)
    deliver(cast, at(3.5))
    work(at(3.5))
    with company_context(cast["financier"]):
        assert stop_ended_pushes(now=at(3.5)) == 0
        assert WebhookMessage.objects.get().body != ""
    with company_context(cast["maker"]):
        revoke_grant(grant=pushed, now=at(3.51))
    with company_context(cast["financier"]):
        assert stop_ended_pushes(now=at(3.52)) == 1
        message = WebhookMessage.objects.get()
        assert (message.state, message.reason, message.body) == ("given_up", "ended", "")
        assert not WebhookPush.objects.exists()


def test_a_paused_endpoint_misses_what_is_repeated_by_hand(
    pushed: DataGrant, hook: tuple[Webhook, str], receiver: Receiver, cast: dict[str, Any],
    work: Any,
) -> None:  # fmt: skip
    with company_context(cast["financier"]):
        pause_webhook(webhook=hook[0], now=at(2))
    deliver(cast, at(3.5))
    work(at(3.5))
    assert receiver.connections == 0
    with company_context(cast["financier"]):
        resume_webhook(webhook=hook[0], now=at(4))
        assert push_everything(grant_id=pushed.pk, now=at(4)) == 2
        remove_webhook(webhook=hook[0], now=at(5))
        assert not WebhookPush.objects.exists()


def test_without_a_push_a_delivery_leaves_no_job(
    grant: DataGrant, hook: tuple[Webhook, str], cast: dict[str, Any]
) -> None:
    deliver(cast, at(3.5))
    with company_context(cast["financier"]):
        assert not Job.objects.filter(kind="telemetry.push").exists()


def test_only_a_held_living_grant_of_hours_or_days_is_pushed(
    grant: DataGrant, hook: tuple[Webhook, str], cast: dict[str, Any]
) -> None:
    with company_context(cast["customer"]):
        own, _secret = make_webhook(url=hook[0].url, description="", events=[], now=at(0))
        with pytest.raises(ValidationError, match="hold now"):
            push_grant(grant=grant, webhook=own, now=at(1))
    with company_context(cast["maker"]):
        DataGrant.objects.filter(pk=grant.pk).update(resolution="raw")
    with company_context(cast["financier"]), pytest.raises(ValidationError, match="hold now"):
        push_grant(grant=grant, webhook=hook[0], now=at(1))
    with company_context(cast["maker"]):
        DataGrant.objects.filter(pk=grant.pk).update(resolution="hourly", valid_until=at(0.9))
    with company_context(cast["financier"]), pytest.raises(ValidationError, match="hold now"):
        push_grant(grant=grant, webhook=hook[0], now=at(1))


def test_the_others_learn_the_host_and_no_more(
    pushed: DataGrant, hook: tuple[Webhook, str], cast: dict[str, Any],
    client_of: Callable[..., Client],
) -> None:  # fmt: skip
    page = f"/data/grants/{pushed.public_id}/"
    for slug in ("maker", "customer", "financier"):
        text = client_of(cast[slug]).get(page).content.decode()
        assert hook[0].host in text, slug
        assert "?line=1" not in text, slug
    with company_context(cast["maker"]):
        assert not Webhook.objects.exists()
        assert not WebhookMessage.objects.exists()
        [row] = AuditRow.objects.filter(action="webhook.push_started")
        assert row.details == {"host": hook[0].host}


def test_pages_of_who_holds_it(
    grant: DataGrant, hook: tuple[Webhook, str], receiver: Receiver, cast: dict[str, Any],
    client_of: Callable[..., Client], work: Any,
) -> None:  # fmt: skip
    deliver(cast, at(3.5))
    page = f"/data/grants/{grant.public_id}/"
    client = client_of(cast["financier"], "technician")
    assert "Have it pushed" in client.get(page).content.decode()
    text = client.post(f"{page}push/", {"webhook": "x"}, follow=True).content.decode()
    assert "Choose one of your webhooks." in text
    text = client.post(f"{page}push/", {"webhook": hook[0].pk}, follow=True).content.decode()
    assert "The data are pushed to this webhook from now on." in text
    text = client.post(f"{page}push/repetition/", follow=True).content.decode()
    assert "2 values are sent again." in text
    work(timezone.now())
    assert len(events_of(receiver)) == 4
    text = client.post(f"{page}push/end/", follow=True).content.decode()
    assert "Have it pushed" in text
    for slug in ("maker", "customer", "stranger"):
        other = client_of(cast[slug], "technician")
        assert other.post(f"{page}push/", {"webhook": hook[0].pk}).status_code == 404
        assert "Have it pushed" not in other.get(page).content.decode()
    assert client_of(cast["financier"], "viewer").post(f"{page}push/").status_code == 403
