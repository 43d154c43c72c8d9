"""Corrections of usage, four eyes above a limit, and declarations that are taken back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import User
from apps.events.models import AuditRow
from apps.telemetry.models import (
    Channel,
    ChannelDay,
    CorrectionRule,
    Declaration,
    Discontinuity,
    HourRollup,
)
from apps.telemetry.operations import (
    Outcome,
    confirm_declaration,
    declare,
    limit_corrections,
    recompute_dirty,
    withdraw_declaration,
)
from apps.telemetry.queries.usage import Span, usage_of
from apps.tenancy.context import company_context
from tests.integration.telemetry.conftest import Machine

Send = Callable[..., list[Outcome]]
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return OCTOBER + timedelta(hours=hours)


def total(channel: Channel) -> Decimal:
    usages = HourRollup.objects.filter(channel=channel).values_list("usage", flat=True)
    return sum(usages, Decimal(0))


@pytest.fixture
def cycles(machine: Machine, send: Send, hour: Any, now: datetime) -> Channel:
    """A counter: 1000 at one o'clock, 10 more at noon of each of three days."""
    send(*(machine.item("cycles", hour(n), 1000 + n) for n in (1, 12, 36, 60)))
    recompute_dirty(now=now)
    return machine.channels["cycles"]


@pytest.fixture
def people(now: datetime) -> tuple[User, User]:
    ada, bob = (
        User.objects.create_user(f"{name}@example.com", name=name.title(), joined_at=now)
        for name in ("ada", "bob")
    )
    return ada, bob


def correct(channel: Channel, by: Any, now: datetime, amount: str = "5", hours: float = 30) -> Any:
    return declare(
        channel=channel, kind="correction", measured_at=at(hours), amount=Decimal(amount),
        reason="a sensor hung", by=by, now=now,
    )  # fmt: skip


def test_a_correction_counts_in_the_period_it_falls_in(
    cycles: Channel, people: tuple[User, User], now: datetime
) -> None:
    versions = dict(ChannelDay.objects.values_list("day", "version"))
    made = correct(cycles, people[0], now)
    assert (made.state, made.declarer, made.declared_by) == ("counts", people[0].pk, str(people[0]))
    assert list(Discontinuity.objects.values_list("kind", "amount", "measured_at")) == [
        ("correction", 5, at(36))
    ]
    assert total(cycles) == 59 + 5
    spans = [Span(cycles, at(24 * n), at(24 * n + 24), "UTC") for n in range(3)]
    assert [usage.quantity for usage in usage_of(spans, evidence=True)] == [11, 29, 24]
    second = OCTOBER.date() + timedelta(days=1)
    assert ChannelDay.objects.get(day=second).version > versions[second]
    row = AuditRow.objects.get(action="telemetry.declared_correction")
    assert (row.details["amount"], row.details["reason"]) == ("5", "a sensor hung")


def test_a_correction_said_twice_counts_once(
    cycles: Channel, people: tuple[User, User], now: datetime
) -> None:
    for minute in range(2):
        correct(cycles, people[0], now + timedelta(minutes=minute))
    assert total(cycles) == 64


def test_a_withdrawn_correction_no_longer_counts(
    cycles: Channel, people: tuple[User, User], now: datetime
) -> None:
    made = correct(cycles, people[0], now)
    kept = withdraw_declaration(declaration=made, reason="it did not", by=people[1], now=now)
    assert (kept.state, kept.withdrawn_by, kept.withdrawn_reason) == (
        "withdrawn", str(people[1]), "it did not",
    )  # fmt: skip
    assert total(cycles) == 59
    assert not Discontinuity.objects.exists()
    assert AuditRow.objects.filter(action="telemetry.withdrew_declaration").count() == 1
    with pytest.raises(ValidationError):
        withdraw_declaration(declaration=made, reason="again", by=people[1], now=now)
    assert Declaration.objects.get().withdrawn_reason == "it did not"


def test_what_was_said_before_counts_again(
    cycles: Channel, people: tuple[User, User], now: datetime
) -> None:
    correct(cycles, people[0], now, "5")
    later = correct(cycles, people[0], now + timedelta(minutes=1), "9")
    assert total(cycles) == 68
    withdraw_declaration(declaration=later, reason="no", by=people[0], now=now)
    assert total(cycles) == 64


def test_a_withdrawn_reset_lets_the_counter_fall_again(
    machine: Machine, send: Send, hour: Any, people: tuple[User, User], now: datetime
) -> None:
    channel = machine.channels["cycles"]
    send(*(machine.item("cycles", hour(n), value) for n, value in ((1, "900"), (40, "5"))))
    made = declare(
        channel=channel, kind="reset", measured_at=at(20), reason="board", by=people[0], now=now
    )
    assert total(channel) == 5
    withdraw_declaration(declaration=made, reason="no board", by=people[0], now=now)
    assert total(channel) == 0
    assert channel.disbeliefs.get().reason == "falling"


@pytest.mark.parametrize("on_channel", [True, False])
def test_above_the_limit_a_second_person_confirms(
    cycles: Channel, people: tuple[User, User], now: datetime, on_channel: bool
) -> None:
    ada, bob = people
    limit_corrections(limit=Decimal(4), by=ada, now=now, channel=cycles if on_channel else None)
    cycles.refresh_from_db()
    assert correct(cycles, ada, now, "-4", hours=20).state == "counts"
    made = correct(cycles, ada, now, "5")
    assert (made.state, total(cycles)) == ("waiting", 55)
    with pytest.raises(ValidationError, match="Another person"):
        confirm_declaration(declaration=made, by=ada, now=now)
    with pytest.raises(ValidationError, match="Another person"):
        confirm_declaration(declaration=made, by="a device", now=now)
    assert (Declaration.objects.get(pk=made.pk).state, total(cycles)) == ("waiting", 55)
    for _ in range(2):
        confirmed = confirm_declaration(declaration=made, by=bob, now=now)
        assert (confirmed.state, confirmed.confirmed_by) == ("counts", str(bob))
    assert total(cycles) == 60
    assert AuditRow.objects.filter(action="telemetry.confirmed_declaration").count() == 1


def test_a_channels_own_limit_stands_above_the_companys(
    cycles: Channel, people: tuple[User, User], now: datetime
) -> None:
    limit_corrections(limit=Decimal(0), by=people[0], now=now)
    limit_corrections(limit=Decimal(100), by=people[0], now=now, channel=cycles)
    cycles.refresh_from_db()
    assert correct(cycles, people[0], now).state == "counts"
    limit_corrections(limit=None, by=people[0], now=now, channel=cycles)
    cycles.refresh_from_db()
    assert correct(cycles, people[0], now, hours=31).state == "waiting"


def test_a_withdrawn_declaration_is_not_confirmed(
    cycles: Channel, people: tuple[User, User], now: datetime
) -> None:
    limit_corrections(limit=Decimal(0), by=people[0], now=now)
    made = correct(cycles, people[0], now)
    withdraw_declaration(declaration=made, reason="no", by=people[0], now=now)
    with pytest.raises(ValidationError, match="withdrawn"):
        confirm_declaration(declaration=made, by=people[1], now=now)
    assert total(cycles) == 59


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("cycles", {"amount": None}),
        ("cycles", {"amount": Decimal(0)}),
        ("cycles", {"measured_at": at(1)}),  # the first reading
        ("cycles", {"measured_at": at(60.5)}),  # after the last one
        ("pressure", {}),
        ("energy", {}),
    ],
)
def test_what_cannot_be_corrected(
    machine: Machine, cycles: Channel, now: datetime, code: str, fields: dict[str, Any]
) -> None:
    facts = {"measured_at": at(30), "amount": Decimal(5), "reason": "x", "by": "Ada", "now": now}
    with pytest.raises(ValidationError):
        declare(channel=machine.channels[code], kind="correction", **{**facts, **fields})
    assert not Declaration.objects.exists()
    assert total(cycles) == 59


def test_a_limit_is_not_negative(cycles: Channel, now: datetime) -> None:
    with pytest.raises(ValidationError):
        limit_corrections(limit=Decimal(-1), by="x", now=now)
    assert not CorrectionRule.objects.exists()


def test_on_the_pages(
    machine: Machine, cycles: Channel, client_of: Any, cast: dict[str, Any]
) -> None:
    base = f"/assets/{machine.asset.public_id}/channels/cycles/"
    director = client_of(cast["maker"])
    answer = director.post("/data/correction-limit/", {"limit": "-1"})
    assert (answer.status_code, "zero or more" in answer.content.decode()) == (422, True)
    assert director.post(f"{base}correction-limit/", {"limit": "4"}).status_code == 302
    said = {"measured_at": "2026-10-02T06:00", "amount": "5", "reason": "a sensor hung"}
    assert director.post(f"{base}correction/", {**said, "amount": "x"}).status_code == 422
    assert director.post(f"{base}correction/", said).status_code == 302
    with company_context(cast["maker"]):
        made = Declaration.objects.get()
        assert (made.state, made.amount) == ("waiting", 5)
    page = director.get(base).content.decode()
    assert "a sensor hung" in page
    assert "Waits for a second person" in page
    assert "confirmation/" not in page  # one does not confirm one's own
    director.post(f"{base}declarations/{made.public_id}/confirmation/")
    with company_context(cast["maker"]):
        assert Declaration.objects.get().state == "waiting"
    second = client_of(cast["maker"], "technician")
    assert "confirmation/" in second.get(base).content.decode()
    assert second.get(f"{base}correction-limit/").status_code == 403
    second.post(f"{base}declarations/{made.public_id}/confirmation/")
    with company_context(cast["maker"]):
        assert (Declaration.objects.get().state, total(cycles)) == ("counts", 64)
    address = f"{base}declarations/{made.public_id}/withdrawal/"
    assert second.post(address, {"reason": ""}).status_code == 422
    assert second.post(address, {"reason": "it did not hang"}).status_code == 302
    assert "it did not hang" in second.get(base).content.decode()
    with company_context(cast["maker"]):
        assert total(cycles) == 59


def test_nobody_else_declares(
    machine: Machine, cycles: Channel, client_of: Any, cast: dict[str, Any], now: datetime
) -> None:
    with company_context(cast["maker"]):
        made = correct(cycles, "Ada", now)
    base = f"/assets/{machine.asset.public_id}/channels/cycles/"
    viewer, stranger = client_of(cast["maker"], "viewer"), client_of(cast["stranger"])
    for path in (
        "correction/", f"declarations/{made.public_id}/confirmation/",
        f"declarations/{made.public_id}/withdrawal/",
    ):  # fmt: skip
        assert viewer.post(base + path, {"reason": "x"}).status_code == 403
        assert stranger.post(base + path, {"reason": "x"}).status_code == 404
    with company_context(cast["maker"]):
        assert Declaration.objects.get().withdrawn_at is None
