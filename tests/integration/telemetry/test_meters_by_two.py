"""Meters by programs, and a factor that changes beyond the limit: nothing moves before a second person."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.accounts.operations import make_key
from apps.events.models import AuditRow
from apps.telemetry.domain.meters import MeterVersion
from apps.telemetry.models import Channel, ChannelDay, Declaration
from apps.telemetry.operations import confirm_declaration, withdraw_declaration
from apps.telemetry.operations.declaring import limit_factors
from apps.telemetry.operations.meters import describe_meter, withdraw_meter
from apps.telemetry.queries.usage import Span, usage_of
from apps.tenancy.context import company_context
from tests.integration.telemetry.conftest import Machine
from tests.integration.telemetry.test_declaring import at, people
from tests.integration.telemetry.test_declaring_api import Ask, ask, filled, secret

__all__ = ["ask", "filled", "people", "secret"]
OCTOBER = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))


def usage(channel: Channel) -> Decimal:
    channel.refresh_from_db()
    [found] = usage_of([Span(channel, *OCTOBER, "UTC")])
    return found.quantity


def marked() -> list[tuple[int, int]]:
    return list(ChannelDay.objects.order_by("pk").values_list("pk", "version"))


@pytest.fixture
def describe(filled: Machine, now: datetime) -> Callable[..., Declaration | None]:
    def say(factor: str | None, by: Any, since: datetime | None = None) -> Declaration | None:
        version = MeterVersion(since, "M-1", factor=None if factor is None else Decimal(factor))
        return describe_meter(
            channel=filled.channels["cycles"], version=version, reason="calibrated", by=by, now=now
        )

    return say


@pytest.mark.parametrize("on_channel", [True, False])
def test_beyond_the_limit_a_factor_holds_once_a_second_person_confirms(
    filled: Machine, describe: Any, people: tuple[User, User], now: datetime, on_channel: bool
) -> None:
    cycles, (ada, bob) = filled.channels["cycles"], people
    limit_factors(percent=Decimal(2), by=ada, now=now, channel=cycles if on_channel else None)
    assert describe("1.02", ada) is None
    assert usage(cycles) == Decimal("35.7")
    before = marked()
    waiting = describe("1.05", ada)
    assert describe("1.05", bob) == waiting
    assert (waiting.state, usage(cycles), marked()) == ("waiting", Decimal("35.7"), before)
    for who in (ada, "a device"):
        with pytest.raises(ValidationError, match="Another person"):
            confirm_declaration(declaration=waiting, by=who, now=now)
    for _ in range(2):
        confirm_declaration(declaration=waiting, by=bob, now=now)
    assert usage(cycles) == Decimal("36.75")
    assert AuditRow.objects.filter(action="telemetry.confirmed_declaration").count() == 1
    with pytest.raises(ValidationError, match="withdraw the version"):
        withdraw_declaration(declaration=waiting, reason="no", by=ada, now=now)


def test_taking_a_version_away_is_a_change_too(
    filled: Machine, describe: Any, people: tuple[User, User], now: datetime
) -> None:
    cycles, (ada, bob) = filled.channels["cycles"], people
    describe("2", ada, at(20))
    limit_factors(percent=Decimal(50), by=ada, now=now)
    gone = {"channel": cycles, "since": at(20), "reason": "typing error", "by": ada, "now": now}
    assert withdraw_meter(**gone) is None
    assert usage(cycles) == 35
    describe("1.5", ada, at(20))
    limit_factors(percent=Decimal(10), by=ada, now=now)
    waiting = withdraw_meter(**gone)
    assert waiting is not None
    assert (waiting.meter["gone"], usage(cycles)) == (True, Decimal("47"))
    confirm_declaration(declaration=waiting, by=bob, now=now)
    assert usage(cycles) == 35


def test_a_withdrawn_proposal_holds_never(
    filled: Machine, describe: Any, people: tuple[User, User], now: datetime
) -> None:
    limit_factors(percent=Decimal(0), by=people[0], now=now)
    waiting = describe("1.5", people[0])
    withdraw_declaration(declaration=waiting, reason="no", by=people[0], now=now)
    with pytest.raises(ValidationError, match="withdrawn"):
        confirm_declaration(declaration=waiting, by=people[1], now=now)
    assert usage(filled.channels["cycles"]) == 35
    # What is no factor is nobody's second thought.
    version = MeterVersion(None, "M-2", "B")
    said = {"channel": filled.channels["cycles"], "version": version, "reason": "x", "now": now}
    assert describe_meter(**said, by=people[0]) is None
    with pytest.raises(ValidationError, match="zero or more"):
        limit_factors(percent=Decimal(-1), by=people[0], now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Declaration.objects.filter(pk=waiting.pk).update(needs_second=False)


def test_programs_say_what_a_meter_is(
    filled: Machine, secret: str, ask: Ask, now: datetime
) -> None:
    said = {"asset": filled.asset.public_id, "channel": "cycles", "serial": "M-7",
            "since": "2026-10-01T20:00:00Z", "factor": "1.5", "verified_until": "2031-12-31",
            "reason": "calibrated"}  # fmt: skip
    first = ask("POST", "meters", secret, **said)
    assert first.status_code == 201, first.content
    assert first.json() == {
        "channel": "cycles", "since": "2026-10-01T20:00:00+00:00", "serial": "M-7",
        "accuracy_class": "", "verified_until": "2031-12-31", "factor": "1.5",
        "counted_in": "{cycle}", "billed_in": "{cycle}", "state": "holds", "declaration": None,
    }  # fmt: skip
    before = marked()
    again = ask("POST", "meters", secret, **said)
    assert (again.status_code, again.json()) == (200, first.json())
    assert marked() == before
    assert usage(filled.channels["cycles"]) == 11 + 24 * Decimal("1.5")
    reader = make_key(name="reader", scope="read", now=now)[1]
    path = f"assets/{filled.asset.public_id}/meters"
    assert ask("GET", path, reader).json() == {"meters": [first.json()]}
    assert ask("GET", f"{path}?channel=hours", reader).json() == {"meters": []}
    gone = {name: said[name] for name in ("asset", "channel", "since", "reason")}
    assert ask("POST", "meters/withdrawal", secret, **gone).json() == {"meters": []}
    assert ask("POST", "meters/withdrawal", secret, **gone).status_code == 400
    assert usage(filled.channels["cycles"]) == 35


def test_beyond_the_limit_a_key_waits_for_a_person(
    filled: Machine, secret: str, ask: Ask, now: datetime
) -> None:
    limit_factors(percent=Decimal(1), by="x", now=now)
    said = {"asset": filled.asset.public_id, "channel": "cycles", "factor": "2", "reason": "x"}
    first, again = (ask("POST", "meters", secret, **said) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["state"] == "waiting"
    path = f"declarations/{first.json()['declaration']}/withdrawal"
    assert ask("POST", path, secret, reason="x").json()["state"] == "withdrawn"
    assert usage(filled.channels["cycles"]) == 35


def test_an_exchange_is_declared_and_described_in_one(
    filled: Machine, secret: str, ask: Ask, now: datetime
) -> None:
    said = {"asset": filled.asset.public_id, "channel": "cycles", "serial": "M-8", "factor": "2",
            "at": "2026-10-01T18:00:00Z", "closing": "1020", "opening": "1030",
            "reason": "worn"}  # fmt: skip
    refused = ask("POST", "meters/exchange", secret, **{**said, "factor": "0"})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["factor"])
    late = ask("POST", "meters/exchange", secret, **{**said, "at": "2030-01-01T00:00:00Z"})
    assert late.status_code == 400
    assert not Declaration.objects.exists()
    first = ask("POST", "meters/exchange", secret, **said)
    assert first.status_code == 201, first.content
    again = ask("POST", "meters/exchange", secret, **said)
    assert (again.status_code, again.json()) == (200, first.json())
    assert Declaration.objects.count() == 1
    # 11 + 8 cycles by the old meter, then 6 that count twice.
    assert usage(filled.channels["cycles"]) == 11 + 8 + 6 * 2


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"factor": "-1"}, "factor"), ({"factor": 1.5}, "factor"), ({"factor": "1e9"}, "factor"),
        ({"factor": "0.0000001"}, "factor"), ({"since": "2026-10-01T20:00:00"}, "since"),
        ({"since": "2030-01-01T00:00:00Z"}, "since"), ({"verified_until": "soon"}, "verified_until"),
        ({"channel": "pressure"}, "factor"), ({"channel": "nothing"}, "channel"),
        ({"asset": "SN-1"}, "asset"), ({"reason": ""}, "reason"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_field_and_changes_nothing(
    filled: Machine, secret: str, ask: Ask, changed: dict[str, Any], field: str
) -> None:
    said = {"asset": filled.asset.public_id, "channel": "cycles", "factor": "2", "reason": "x"}
    answer = ask("POST", "meters", secret, **{**said, **changed})
    assert answer.status_code == 400, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == [field]
    assert not Channel.objects.exclude(meters=[]).exists()


def test_only_keys_that_declare_and_only_of_what_is_open(
    filled: Machine, ask: Ask, now: datetime
) -> None:
    said = {"asset": filled.asset.public_id, "channel": "cycles", "factor": "2", "reason": "x"}
    intake = make_key(name="gateway", scope="intake", now=now)[1]
    for path in ("meters", "meters/exchange", "meters/withdrawal"):
        assert ask("POST", path, intake, **said).status_code == 403
        assert ask("POST", path, "prk_nonsense", **said).status_code == 401
    reader = make_key(name="reader", scope="read", now=now)[1]
    assert ask("GET", f"assets/ast_{'0' * 26}/meters", reader).status_code == 404
    paths = ask("GET", "schema/?format=json", reader).json()["paths"]
    assert {"/api/v1/meters", "/api/v1/meters/exchange", "/api/v1/meters/withdrawal"} <= set(paths)


def test_on_the_pages(filled: Machine, client_of: Any, cast: dict[str, Any], now: datetime) -> None:
    base = f"/assets/{filled.asset.public_id}/channels/cycles/"
    director = client_of(cast["maker"])
    bad = director.post(f"{base}correction-limit/", {"factor_limit": "-1"})
    assert (bad.status_code, "zero or more" in bad.text) == (422, True)
    assert director.post(f"{base}correction-limit/", {"factor_limit": "1"}).status_code == 302
    assert "factors that change by more than" in director.get(base).text
    form = {"serial": "M-9", "factor": "1,5", "reason": "calibrated"}
    answer = director.post(f"{base}meter/", form, follow=True)
    assert "second person confirms it" in answer.text
    assert "confirmation/" not in answer.text
    second = client_of(cast["maker"], "technician")
    with company_context(cast["maker"]):
        waiting = Declaration.objects.get()
        assert usage(filled.channels["cycles"]) == 35
    assert "M-9" in second.get(base).text
    second.post(f"{base}declarations/{waiting.public_id}/confirmation/")
    with company_context(cast["maker"]):
        assert usage(filled.channels["cycles"]) == Decimal("52.5")
    assert f"{waiting.public_id}/withdrawal/" not in second.get(base).text
