"""Webhooks against a real receiver on this machine: signed, at least once, in time, to whom it concerns."""

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from apps.assets.models import Asset, AssetType
from apps.events.domain.schedule import BACK_OFF
from apps.events.models import AuditRow, Job, Webhook, WebhookMessage, WebhookTry
from apps.events.operations import (
    make_webhook,
    messages,
    pause_webhook,
    posting,
    publish,
    remove_webhook,
    replace_secret,
    replay_failed,
    replay_message,
    resume_webhook,
    run_waiting_jobs,
    send_test,
    tell_webhooks,
    tidy_webhooks,
    work_on,
)
from apps.events.queries import hearers
from apps.tenancy.context import company_context
from tests.integration.events import receiver as answers
from tests.integration.events.conftest import NOW
from tests.integration.events.receiver import Receiver

HOW_TO = Path(__file__).resolve().parents[3] / "docs/how-to/webhooks.md"
State = WebhookMessage.State


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """RFC 2104 by hand, from the words of Standard Webhooks: nothing of ours, nor of `hmac`."""
    key = base64.b64decode(secret.removeprefix("whsec_")).ljust(64, b"\0")
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key) + text).digest()
    mac = hashlib.sha256(bytes(b ^ 0x5C for b in key) + inner).digest()
    right = "v1," + base64.b64encode(mac).decode()
    return right in headers["webhook-signature"].split(" ")


def press(author: Any, *parties: Any) -> Asset:
    """An asset these companies see."""
    kind = AssetType.objects.create(
        author=author, parties=[author.pk], name=f"Press {uuid4()}", made_at=NOW
    )
    asset: Asset = Asset.objects.create(
        author=author, parties=sorted({author.pk, *(party.pk for party in parties)}),
        asset_type=kind, type_name="Press", name="Press 1", serial=str(kind.pk), made_at=NOW,
    )  # fmt: skip
    return asset


def tell(*assets: Asset, to: Any = ()) -> None:
    publish(
        name="assets.changed", payload={"assets": [str(asset.pk) for asset in assets]}, now=NOW,
        to=[company.pk for company in to],
    )  # fmt: skip


def only() -> WebhookMessage:
    found: WebhookMessage = WebhookMessage.objects.get()
    return found


def sent_test(hook: Webhook) -> WebhookMessage:
    """A test message and its first try."""
    message = send_test(webhook=hook, now=NOW)
    run_waiting_jobs(now=NOW)
    message.refresh_from_db()
    return message


def test_an_event_arrives_signed_with_ids_alone(
    hook: Webhook, receiver: Receiver, provider: Any, secret_of: dict[Any, str]
) -> None:
    asset = press(provider)
    tell(asset)
    run_waiting_jobs(now=NOW)
    [(headers, body)] = receiver.got
    assert is_signed(secret_of[hook.pk], headers, body)
    assert not is_signed("whsec_" + base64.b64encode(b"x" * 32).decode(), headers, body)
    assert not is_signed(secret_of[hook.pk], headers, body + b" ")
    assert headers["content-type"] == "application/json"
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert json.loads(body) == {
        "type": "asset.changed", "timestamp": "2026-11-05T09:00:00Z", "company": "provider",
        "data": {"assets": [asset.public_id]},
    }  # fmt: skip
    message = only()
    assert headers["webhook-id"] == message.public_id
    assert (message.state, message.http_status, message.tries) == (State.DELIVERED, 204, 1)
    hook.refresh_from_db()
    assert hook.taken_at == NOW


def test_the_ten_lines_of_the_how_to_check_it(
    hook: Webhook, receiver: Receiver, secret_of: dict[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_test(hook)
    [code] = re.findall(r"```python\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    [(headers, body)] = receiver.got
    monkeypatch.setattr(time, "time", NOW.timestamp)
    assert names["is_genuine"](secret_of[hook.pk], headers, body)
    assert not names["is_genuine"](secret_of[hook.pk], headers, body + b" ")
    monkeypatch.setattr(time, "time", lambda: NOW.timestamp() + 301)
    assert not names["is_genuine"](secret_of[hook.pk], headers, body)


def test_both_secrets_sign_for_a_day(
    hook: Webhook, receiver: Receiver, secret_of: dict[Any, str]
) -> None:
    old = secret_of[hook.pk]
    _webhook, new = replace_secret(webhook=hook, now=NOW)
    for later, count in ((timedelta(hours=23, minutes=59), 2), (timedelta(hours=24), 1)):
        send_test(webhook=hook, now=NOW + later)
        run_waiting_jobs(now=NOW + later)
        headers, body = receiver.got[-1]
        assert is_signed(new, headers, body)
        assert is_signed(old, headers, body) == (count == 2)
        assert len(headers["webhook-signature"].split(" ")) == count
    tidy_webhooks(now=NOW + timedelta(days=2))
    hook.refresh_from_db()
    assert hook.previous_sealed == ""


def test_the_schedule_of_tries_with_one_id_and_one_body(hook: Webhook, receiver: Receiver) -> None:
    receiver.answer = answers.with_status(500, b"later")
    send_test(webhook=hook, now=NOW)
    at = NOW
    run_waiting_jobs(now=at)
    for number, pause in enumerate(BACK_OFF, start=1):
        run_waiting_jobs(now=at + pause - timedelta(seconds=1))
        assert len(receiver.got) == number, pause
        at += pause
        run_waiting_jobs(now=at)
        assert len(receiver.got) == number + 1, pause
    run_waiting_jobs(now=at + timedelta(days=30))
    assert len(receiver.got) == len(BACK_OFF) + 1 == 9
    assert len(set(receiver.ids)) == 1
    assert len({body for _headers, body in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for headers, _body in receiver.got}) == 9
    message = only()
    assert (message.state, message.reason, message.tries) == (State.GIVEN_UP, "status", 9)
    assert [(row.http_status, row.answer) for row in message.log.all()] == [(500, "later")] * 9
    assert not Job.objects.exclude(state="done").exists()


def test_it_is_taken_at_a_later_try(hook: Webhook, receiver: Receiver) -> None:
    receiver.answer = answers.with_status(503)
    message = sent_test(hook)
    assert (message.state, message.next_at) == (State.FAILED, NOW + BACK_OFF[0])
    hook.refresh_from_db()
    assert hook.failing_since == NOW
    receiver.answer = answers.with_status(200, b"ok")
    run_waiting_jobs(now=NOW + BACK_OFF[0])
    message.refresh_from_db()
    hook.refresh_from_db()
    assert (message.state, message.tries, hook.failing_since) == (State.DELIVERED, 2, None)


def test_a_worker_killed_between_sending_and_noting_sends_the_same_again(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_words: Any) -> None:
        raise Killed

    message = send_test(webhook=hook, now=NOW)
    job = Job.objects.get(kind=messages.SEND)
    with monkeypatch.context() as patch:
        patch.setattr(messages, "_note", die)
        with pytest.raises(Killed):
            work_on(job_id=job.pk, now=NOW)
    soon = NOW + timedelta(seconds=30)
    assert work_on(job_id=job.pk, now=soon) is None  # still leased: no second worker meanwhile
    assert messages.send_message(message_id=message.pk, now=soon) is None
    assert len(receiver.got) == 1
    work_on(job_id=job.pk, now=NOW + timedelta(seconds=61))
    assert receiver.ids == [message.public_id] * 2
    assert receiver.got[0][1] == receiver.got[1][1]
    message.refresh_from_db()
    assert (message.state, message.tries) == (State.DELIVERED, 1)


def test_what_three_killed_workers_left_is_sent_once_a_day(
    hook: Webhook, receiver: Receiver
) -> None:
    message = send_test(webhook=hook, now=NOW)
    Job.objects.filter(kind=messages.SEND).update(state="parked")
    assert tidy_webhooks(now=NOW + timedelta(minutes=59))["sent"] == 0
    assert tidy_webhooks(now=NOW + timedelta(minutes=61))["sent"] == 1
    run_waiting_jobs(now=NOW + timedelta(minutes=61))
    assert receiver.ids == [message.public_id]


@pytest.mark.parametrize(
    ("answer", "reason", "status"),
    [
        (answers.with_status(500, b"<b>no\x00 \xff</b>" * 100), "status", 500),
        (answers.with_status(404), "status", 404),
        (answers.close, "closed", None),
        (answers.drip, "time", None),
        (lambda handler: time.sleep(8), "time", None),
        (answers.endless_headers, "large", None),
        (answers.endless_body, "status", 500),
        (lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "closed", None),
    ],
    ids=["500", "404", "closes", "drips", "slow", "headers", "body", "no-http"],
)
def test_receivers_that_do_not_take_it(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[Any], None], reason: str, status: int | None,
) -> None:  # fmt: skip
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 0.8)
    receiver.answer = answer
    begun = time.monotonic()
    message = sent_test(hook)
    assert time.monotonic() - begun < 5
    assert (message.state, message.reason, message.http_status) == (State.FAILED, reason, status)
    row = WebhookTry.objects.get()
    assert len(row.answer) <= 200
    assert row.answer.isprintable()


def test_a_redirect_is_not_followed(hook: Webhook, receiver: Receiver) -> None:
    with answers.receiving() as other:
        receiver.answer = answers.with_status(307, Location=other.url)
        message = sent_test(hook)
        assert (message.reason, message.http_status) == ("redirect", 307)
        assert (len(receiver.got), other.connections) == (1, 0)


def test_a_yes_counts_whatever_follows_it(hook: Webhook, receiver: Receiver) -> None:
    def yes(handler: Any) -> None:
        handler.send_response(202)
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"a" * 100_000)

    receiver.answer = yes
    assert sent_test(hook).state == State.DELIVERED


def test_nobody_listens(hook: Webhook) -> None:
    Webhook.objects.update(url="http://127.0.0.1:9/")
    assert sent_test(hook).reason == "connect"


def test_gone_pauses_at_once(hook: Webhook, receiver: Receiver) -> None:
    receiver.answer = answers.with_status(410)
    assert sent_test(hook).state == State.GIVEN_UP
    hook.refresh_from_db()
    assert (hook.state, hook.paused_by) == ("paused", "gone")


def test_five_days_without_a_taken_message_pause_it(hook: Webhook, receiver: Receiver) -> None:
    receiver.answer = answers.with_status(500)
    sent_test(hook)
    for days, state in ((4, "active"), (5, "paused")):
        send_test(webhook=hook, now=NOW + timedelta(days=days))
        run_waiting_jobs(now=NOW + timedelta(days=days))
        hook.refresh_from_db()
        assert hook.state == state
    assert hook.paused_by == "failures"
    [row] = AuditRow.objects.filter(action="webhook.paused")
    assert row.details == {"host": f"127.0.0.1:{receiver.port}", "by": "failures"}
    resume_webhook(webhook=hook, now=NOW + timedelta(days=6))
    hook.refresh_from_db()
    assert (hook.state, hook.failing_since) == ("active", None)


def test_a_failing_endpoint_is_tried_by_one_message_at_a_time(
    hook: Webhook, receiver: Receiver
) -> None:
    Webhook.objects.update(failing_since=NOW, knocking_until=NOW + timedelta(seconds=20))
    message = sent_test(hook)
    assert (receiver.connections, message.state, message.tries) == (0, State.WAITING, 0)
    assert message.next_at == NOW + timedelta(seconds=30)
    run_waiting_jobs(now=NOW + timedelta(seconds=30))
    message.refresh_from_db()
    assert (message.state, receiver.connections) == (State.DELIVERED, 1)


def test_a_paused_endpoint_is_left_alone(hook: Webhook, receiver: Receiver, provider: Any) -> None:
    waiting = send_test(webhook=hook, now=NOW)
    pause_webhook(webhook=hook, now=NOW)
    tell(press(provider))
    assert not Job.objects.filter(kind="events.tell_webhooks").exists()
    run_waiting_jobs(now=NOW)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (State.GIVEN_UP, "paused")
    assert (receiver.connections, WebhookMessage.objects.count()) == (0, 1)


def test_a_removed_endpoint_hears_nothing_and_forgets_its_secret(
    hook: Webhook, receiver: Receiver, provider: Any
) -> None:
    remove_webhook(webhook=hook, now=NOW)
    tell(press(provider))
    run_waiting_jobs(now=NOW)
    hook.refresh_from_db()
    assert (receiver.connections, hook.secret_sealed) == (0, "")


def test_an_event_is_told_to_those_it_concerns_and_of_what_they_see(
    cast: dict[str, Any], receiver: Receiver, new_hook: Callable[..., Webhook]
) -> None:
    for company in cast.values():
        with company_context(company):
            new_hook()
    provider, customer, maker = cast["provider"], cast["customer"], cast["maker"]
    with company_context(provider):
        both, own = press(provider, customer), press(provider)
        tell(both, own, to=[provider, customer])
        tell(own, to=[maker])
    got: dict[str, Any] = {}
    for slug, company in cast.items():
        with company_context(company):
            run_waiting_jobs(now=NOW)
            got[slug] = [json.loads(row.body)["data"] for row in WebhookMessage.objects.all()]
    assert got.pop("provider") == [{"assets": [both.public_id, own.public_id]}]
    assert got.pop("customer") == [{"assets": [both.public_id]}]
    assert list(got.values()) == [[]] * 4
    assert len(receiver.got) == 2


def test_only_chosen_events_are_heard_and_most_have_no_public_name(
    provider: Any, receiver: Receiver, new_hook: Callable[..., Webhook]
) -> None:
    new_hook(events=["invoice.issued"])
    tell(press(provider))
    publish(name="telemetry.rolled_up", payload={}, now=NOW)
    assert hearers("asset.changed", [provider.pk]) == []
    assert hearers("invoice.issued", [provider.pk]) == [provider.pk]
    assert not Job.objects.filter(kind="events.tell_webhooks").exists()


def test_telling_twice_is_telling_once(hook: Webhook, provider: Any) -> None:
    asset = press(provider)
    event = publish(name="assets.changed", payload={"assets": [str(asset.pk)]}, now=NOW)
    assert tell_webhooks(outbox_id=event.pk, now=NOW) == 1
    assert tell_webhooks(outbox_id=event.pk, now=NOW) == 0
    assert WebhookMessage.objects.count() == 1


def test_one_message_is_replayed_with_its_id(hook: Webhook, receiver: Receiver) -> None:
    message = sent_test(hook)
    replay_message(message=message, now=NOW + timedelta(days=1))
    run_waiting_jobs(now=NOW + timedelta(days=1))
    assert receiver.ids == [message.public_id] * 2
    message.refresh_from_db()
    assert (message.state, message.log.count()) == (State.DELIVERED, 2)


def test_all_that_was_not_taken_since_a_time_is_replayed(hook: Webhook, receiver: Receiver) -> None:
    taken = sent_test(hook)
    receiver.answer = answers.with_status(410)
    old = sent_test(hook)
    resume_webhook(webhook=hook, now=NOW)
    later = NOW + timedelta(hours=1)
    new = send_test(webhook=hook, now=later)
    run_waiting_jobs(now=later)
    resume_webhook(webhook=hook, now=later)
    receiver.answer = answers.with_status(204)
    assert replay_failed(webhook=hook, since=NOW + timedelta(minutes=1), now=later) == 1
    run_waiting_jobs(now=later)
    assert receiver.ids == [row.public_id for row in (taken, old, new, new)]
    assert replay_failed(webhook=hook, since=NOW, now=later) == 1
    run_waiting_jobs(now=later)
    assert receiver.ids[-1] == old.public_id


def test_an_old_log_goes(hook: Webhook) -> None:
    sent_test(hook)
    assert tidy_webhooks(now=NOW + timedelta(days=90))["dropped"] == 0
    assert tidy_webhooks(now=NOW + timedelta(days=91))["dropped"] == 2
    assert not WebhookTry.objects.exists()


def test_the_secret_stands_nowhere_in_clear(
    hook: Webhook, secret_of: dict[Any, str], caplog: pytest.LogCaptureFixture
) -> None:
    _webhook, other = replace_secret(webhook=hook, now=NOW)
    sent_test(hook)
    with connection.cursor() as cursor:
        for table in ("webhook", "webhookmessage", "webhooktry", "auditrow", "job"):
            cursor.execute(f"select string_agg(t::text, ' ') from events_{table} t")
            text = str(cursor.fetchone()[0])
            for secret in (secret_of[hook.pk], other):
                assert secret not in text, table
                assert secret.removeprefix("whsec_") not in text, table
                assert secret not in caplog.text


def test_a_company_has_twenty_at_most(provider: Any, receiver: Receiver) -> None:
    for _ in range(20):
        make_webhook(url=receiver.url, description="", events=[], now=NOW)
    with pytest.raises(Exception, match="20 webhooks"):
        make_webhook(url=receiver.url, description="", events=[], now=NOW)
