"""What a plan counts is what a company does, not what it says: assets that are retired in deed alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.assets.models import Asset, LifecycleAct
from apps.assets.operations import record_act, register_assets, withdraw_act
from apps.metering.models import MeteringOrder
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.domain.registry import count_of
from apps.tenancy.context import company_context
from tests.integration.billing.scene import make_asset, make_contract, send
from tests.integration.subscriptions.test_limits import assets, change_plan_row, make_type


def counted(company: Any, now: datetime) -> int:
    with company_context(company):
        return count_of(Counted.ASSETS, now)


def retire(company: Any, asset: Asset, now: datetime, note: str = "") -> LifecycleAct:
    with company_context(company):
        return record_act(
            asset=asset, kind="retired", happened_on=now.date(), now=now, actor="Anna", note=note
        )


def test_only_who_collects_retires(cast: dict[str, Any], now: datetime) -> None:
    provider, customer = cast["provider"], cast["customer"]
    press = make_asset(provider, parties=[customer.pk], customer=customer)
    before = counted(provider, now)
    retire(customer, press, now)
    assert counted(provider, now) == before
    retire(provider, press, now)
    assert counted(provider, now) == before - 1


def test_a_retired_asset_that_still_sends_counts(cast: dict[str, Any], now: datetime) -> None:
    provider = cast["provider"]
    press = make_asset(provider)
    send(provider, press, ((now - timedelta(hours=3)).isoformat(), "1"), now=now)
    retire(provider, press, now)
    assert counted(provider, now) == 0
    # What comes late, measured before, brings nothing back.
    send(provider, press, ((now - timedelta(hours=2)).isoformat(), "2"), now=now)
    assert counted(provider, now) == 0
    later = now + timedelta(days=1)
    send(provider, press, (later.isoformat(), "3"), now=later)
    assert counted(provider, later) == 1
    retire(provider, press, later, note="Now it is switched off")
    assert counted(provider, later) == 0


def test_what_a_contract_covers_counts(cast: dict[str, Any], now: datetime) -> None:
    provider, customer = cast["provider"], cast["customer"]
    press = make_asset(provider, parties=[customer.pk], customer=customer)
    make_contract(provider, customer, [press])
    retire(provider, press, now)
    assert counted(provider, now) == 1
    with company_context(provider):
        MeteringOrder.objects.update(ends_at=datetime(2026, 11, 1, tzinfo=UTC))
    assert counted(provider, now) == 0
    assert counted(provider, datetime(2026, 10, 1, tzinfo=UTC)) == 1, "in that month it was covered"


def test_taking_retirements_back_asks_for_room(cast: dict[str, Any], now: datetime) -> None:
    change_plan_row("network", most_assets=2)
    with company_context(cast["provider"]):
        kind = make_type(now)
        first = register_assets(assets=assets(kind, "1", "2"), now=now)
        acts = [
            record_act(asset=row, kind="retired", happened_on=now.date(), now=now, actor="Anna")
            for row in first
        ]
        register_assets(assets=assets(kind, "3", "4"), now=now)
        with pytest.raises(ValidationError, match="room for 2 assets"):
            withdraw_act(act_id=acts[0].pk, reason="", now=now, actor="Anna")
        assert LifecycleAct.objects.count() == 2
        # Another entry says the same: taking one back brings nothing back.
        record_act(asset=first[0], kind="retired", happened_on=now.date(), now=now, actor="Anna",
                   note="Sold for scrap")  # fmt: skip
        withdraw_act(act_id=acts[0].pk, reason="", now=now, actor="Anna")
        assert count_of(Counted.ASSETS, now) == 2
    change_plan_row("network", most_assets=3)
    with company_context(cast["provider"]):
        withdraw_act(act_id=acts[1].pk, reason="", now=now, actor="Anna")
        assert count_of(Counted.ASSETS, now) == 3


def test_the_page_says_that_there_is_no_room(
    cast: dict[str, Any], now: datetime, client_of: Any
) -> None:
    change_plan_row("network", most_assets=1)
    with company_context(cast["provider"]):
        kind = make_type(now)
        row = register_assets(assets=assets(kind, "1"), now=now)[0]
        act = record_act(asset=row, kind="retired", happened_on=now.date(), now=now, actor="Anna")
        register_assets(assets=assets(kind, "2"), now=now)
    client = client_of(cast["provider"])
    answer = client.post(f"/acts/{act.public_id}/withdrawal/", {"reason": ""}, follow=True)
    assert "room for 1 asset." in answer.content.decode()
