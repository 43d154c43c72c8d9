"""What a plan has room for: new things are held back, what stands goes on, nothing is lost."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.models import Asset, AssetType
from apps.assets.operations import record_act, register_assets
from apps.networks.operations import answer_invitation, found_network, invite_company
from apps.subscriptions.domain.limits import LIMITED, Counted
from apps.subscriptions.domain.registry import _counts, count_of
from apps.subscriptions.models import Plan, Sponsorship
from apps.subscriptions.operations import agree_plan, start_trial
from apps.subscriptions.queries import own_plan, own_sponsor, sponsored, uses
from apps.tenancy.context import as_platform, company_context, no_company
from tests.integration.subscriptions.ordering import without_plan


def change_plan_row(code: str, **fields: Any) -> None:
    with no_company(), as_platform():
        Plan.objects.filter(pk=code).update(**fields)


def found(now: datetime, name: str = "Roads") -> Any:
    return found_network(
        name=name, purpose="", members_meet=True, roles=["provider"], now=now, actor="Anna"
    )


def make_type(now: datetime) -> AssetType:
    from apps.assets.operations import register_asset_type

    hours = ChannelFacts("hours", "Hours", "counter", "h")
    return register_asset_type(name="Pump", description="", is_component=False, channels=[hours],
                               positions=[], now=now)  # fmt: skip


def assets(kind: AssetType, *serials: str) -> list[AssetFacts]:
    return [AssetFacts(asset_type=kind.pk, name=serial, serial=serial) for serial in serials]


def test_everything_a_plan_limits_is_counted() -> None:
    assert set(LIMITED) < set(_counts)
    # No app sells on a marketplace yet: the plan says nothing of orders until one counts them.
    assert set(Counted) - set(_counts) == {Counted.ORDERS}


def test_a_participant_starts_no_network(cast: dict[str, Any], now: datetime) -> None:
    without_plan(cast["maker"])
    with company_context(cast["maker"]):
        with pytest.raises(ValidationError, match="Participant"):
            found(now)
        assert count_of(Counted.NETWORKS, now) == 0
        # Positive control: with a plan it may.
        start_trial(plan=Plan.objects.get(pk="business"), now=now)
        found(now)
        assert count_of(Counted.NETWORKS, now) == 1


def test_a_trial_is_had_once_and_ends(cast: dict[str, Any], now: datetime) -> None:
    without_plan(cast["maker"])
    business = Plan.objects.get(pk="business")
    with company_context(cast["maker"]):
        start_trial(plan=business, now=now)
        with pytest.raises(ValidationError, match="trial is for new ones"):
            start_trial(plan=business, now=now)
        assert own_plan(now) == business
        later = now + timedelta(days=30)
        assert own_plan(later).pk == "participant"
        with pytest.raises(ValidationError, match="Participant"):
            found(later)


def test_what_stands_above_a_limit_stays_and_nothing_new_joins_it(
    cast: dict[str, Any], now: datetime
) -> None:
    with company_context(cast["provider"]):
        kind = make_type(now)
        register_assets(assets=assets(kind, "1", "2", "3"), now=now)
    change_plan_row("network", most_assets=3)
    with company_context(cast["provider"]):
        with pytest.raises(ValidationError, match="room for 3 assets"):
            register_assets(assets=assets(kind, "4"), now=now)
        assert count_of(Counted.ASSETS, now) == 3
    change_plan_row("network", most_assets=2)
    with company_context(cast["provider"]):
        shown = {use.what: use for use in uses(None, now)}
        assert shown[Counted.ASSETS].count == 3
        # A retired one makes room.
        for row in Asset.objects.filter(serial__in=["1", "2"]):
            record_act(
                asset=row, kind="retired", happened_on=now.date(), note="", now=now, actor="Anna"
            )
        register_assets(assets=assets(kind, "5"), now=now)


def test_a_batch_goes_in_whole_or_not_at_all(cast: dict[str, Any], now: datetime) -> None:
    change_plan_row("network", most_assets=2)
    with company_context(cast["provider"]):
        kind = make_type(now)
        with pytest.raises(ValidationError, match="room for 2 assets"):
            register_assets(assets=assets(kind, "1", "2", "3"), now=now)
        assert not Asset.objects.filter(author=cast["provider"]).exists()


def test_the_sponsor_is_shown_to_both_and_ends_with_a_plan(
    cast: dict[str, Any], now: datetime
) -> None:
    maker, provider = cast["maker"], cast["provider"]
    without_plan(maker)
    with company_context(provider):
        asked = invite_company(
            network=found(now), company=maker, role="manufacturer", now=now, actor="Anna"
        )
    with company_context(maker):
        answer_invitation(participation=asked, accepts=True, now=now, actor="Bert")
        answer_invitation(participation=asked, accepts=True, now=now, actor="Bert")
        seen = own_sponsor()
        assert seen is not None
        assert seen.sponsor_name == provider.name
    with company_context(provider):
        assert [row.participant_name for row in sponsored()] == [maker.name]
    with company_context(cast["stranger"]):
        assert not Sponsorship.objects.exists()
    with company_context(maker):
        agree_plan(plan=Plan.objects.get(pk="business"), now=now)
        assert own_sponsor() is None
    with company_context(provider):
        assert not sponsored().exists()


def test_who_has_a_plan_has_no_sponsor(cast: dict[str, Any], now: datetime) -> None:
    with company_context(cast["provider"]):
        asked = invite_company(
            network=found(now), company=cast["maker"], role="manufacturer", now=now, actor="Anna"
        )
    with company_context(cast["maker"]):
        answer_invitation(participation=asked, accepts=True, now=now, actor="Bert")
        assert own_sponsor() is None


def test_plans_are_the_operators(cast: dict[str, Any]) -> None:
    from django.db import ProgrammingError

    with company_context(cast["maker"]), pytest.raises(ProgrammingError, match="denied"):
        Plan.objects.filter(pk="business").update(fee_minor=0)


def test_a_full_month_answers_429_and_keeps_nothing(
    cast: dict[str, Any], now: datetime, client_of: Callable[..., Any]
) -> None:
    """Whoever sends keeps it and sends it again: nothing is thrown away here."""
    from django.test import Client

    from apps.accounts.operations import make_key
    from apps.telemetry.limits import forget_limits

    provider = cast["provider"]
    with company_context(provider):
        _key, secret = make_key(name="all", scope="intake", now=now, actor="Anna")

    def send() -> Any:
        forget_limits()
        return Client(HTTP_HOST="provider.peruse.localhost").post(
            "/api/v1/events", "[]", content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip

    assert send().status_code != 429
    change_plan_row("network", most_readings=0)
    answer = send()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert "larger plan" in answer.json()["detail"]
    change_plan_row("network", most_readings=None)
    assert send().status_code != 429
