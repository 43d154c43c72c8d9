"""Grants outside of contracts: the user's right, requests with everybody's answer, what is marked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.models import Asset, DataGrant, DataRequest, RequestAnswer
from apps.assets.operations import (
    GrantWish,
    answer_request,
    change_asset,
    end_consent,
    give_data,
    grant_data,
    heal_use_grants,
    register_asset_type,
    register_assets,
    request_data,
    revoke_grant,
    settle_request,
    withdraw_request,
)
from apps.assets.queries import living_grants, seen_requests, standing_of
from apps.common.fields import uuid7
from apps.events.operations import run_waiting_jobs
from tests.conftest import NOW

CHANNELS = [
    ChannelFacts("hours", "Hours", "counter", "h"),
    ChannelFacts("power", "Power", "gauge", "kW"),
    ChannelFacts("recipe", "Recipe", "gauge", "1", mark="secret"),
    ChannelFacts("driver", "Driver", "state", "1", mark="personal"),
]
LATER = NOW + timedelta(days=30)


@pytest.fixture
def press(cast: dict[str, Any], as_company: Callable[..., Any]) -> Asset:
    """A press of the provider that the customer uses since 1 October."""
    with as_company(cast["provider"]):
        kind = register_asset_type(name="Press", channels=CHANNELS, now=NOW)
        facts = AssetFacts(
            kind.pk, "Press 1", "P-1", provider=cast["provider"].pk, customer=cast["customer"].pk,
            in_service_on=date(2026, 10, 1),
        )  # fmt: skip
        [asset] = register_assets(assets=[facts], now=NOW)
        return asset


def facts_of(asset: Asset, **changes: Any) -> AssetFacts:
    facts = AssetFacts(
        asset.asset_type_id, asset.name, asset.serial, provider=asset.provider_id,
        customer=asset.customer_id, owner=asset.owner_id, in_service_on=asset.in_service_on,
    )  # fmt: skip
    return replace(facts, **changes)


TERMS: dict[str, Any] = {
    "kind": "values", "channels": ["hours"], "resolution": "daily", "purpose": "Leasing",
    "valid_from": NOW, "valid_until": LATER, "now": NOW, "actor": "Ada",
}  # fmt: skip


def seen(cast: dict[str, Any], as_company: Any, slug: str, now: datetime = NOW) -> list[str]:
    with as_company(cast[slug]):
        return sorted(f"{row.origin} {row.grantee.slug}" for row in living_grants(now))


def test_who_uses_an_asset_reads_all_of_it_that_is_not_marked(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    with as_company(cast["customer"]):
        [grant] = living_grants(NOW)
        assert (grant.origin, grant.channels, grant.resolution) == (
            "use",
            ["hours", "power"],
            "raw",
        )
        assert grant.valid_from.isoformat() == "2026-09-30T22:00:00+00:00"
        assert grant.channel_facts["power"] == {"title": "Power", "kind": "gauge", "unit": "kW"}
    with as_company(cast["provider"]):
        with pytest.raises(ValidationError, match="cannot be taken back"):
            revoke_grant(grant=grant, now=NOW)
        assert heal_use_grants(now=NOW) == 0
        DataGrant.objects.update(valid_until=NOW)
        assert heal_use_grants(now=NOW) == 1
        assert heal_use_grants(now=NOW) == 0


def test_another_user_ends_the_former_ones_right_and_what_it_allowed(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    with as_company(cast["financier"]):
        assert not DataGrant.objects.exists()
    _shared_with(press, "workshop", cast, as_company)
    assert seen(cast, as_company, "customer") == ["request workshop", "use customer"]
    with as_company(cast["provider"]):
        facts = facts_of(press, customer=cast["financier"].pk)
        change_asset(asset=press, facts=facts, now=NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=2)
    assert seen(cast, as_company, "customer", later) == []
    assert seen(cast, as_company, "workshop", later) == []
    assert seen(cast, as_company, "financier", later) == ["use financier"]
    with as_company(cast["financier"]):
        [grant] = living_grants(later)
        assert grant.valid_from == NOW + timedelta(hours=1)
        # What the former user's use generated is not the new one's to give.
        terms = {**TERMS, "valid_from": NOW - timedelta(days=20), "now": later}
        asset = Asset.objects.get(pk=press.pk)
        request = request_data(asset=asset, grantee_id=cast["maker"].pk, **terms)
    with as_company(cast["provider"]):
        run_waiting_jobs(now=later)
        shared = DataGrant.objects.get(request=request)
        assert (shared.grantee.slug, shared.valid_from) == ("maker", NOW + timedelta(hours=1))


def _shared_with(
    press: Asset, slug: str, cast: dict[str, Any], as_company: Callable[..., Any], **more: Any
) -> DataRequest:
    from apps.tenancy.operations import make_acquaintance

    with as_company(cast["customer"]):
        make_acquaintance(other=cast[slug], now=NOW)
        request = request_data(
            asset=Asset.objects.get(pk=press.pk), grantee_id=cast[slug].pk, **{**TERMS, **more}
        )
    with as_company(cast["provider"]):
        run_waiting_jobs(now=NOW)
    return request


def test_the_user_shares_by_right_and_takes_it_back(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    request = _shared_with(press, "workshop", cast, as_company)
    assert seen(cast, as_company, "workshop") == ["request workshop"]
    with as_company(cast["workshop"]):
        assert not Asset.objects.exists()
        assert [standing_of(row) for row in seen_requests()] == ["accepted"]
    with as_company(cast["provider"]):
        [grant] = DataGrant.objects.filter(origin="request")
        assert grant.parties == sorted(
            cast[slug].pk for slug in ("provider", "customer", "workshop")
        )
        with pytest.raises(ValidationError):
            revoke_grant(grant=grant, now=NOW)
    for _ in range(2):
        with as_company(cast["customer"]):
            withdraw_request(request=request, now=NOW, actor="Ada")
        with as_company(cast["provider"]):
            run_waiting_jobs(now=NOW)
    assert seen(cast, as_company, "workshop") == []


def test_what_is_marked_waits_for_who_collects(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    request = _shared_with(press, "workshop", cast, as_company, channels=["hours", "recipe"])
    assert seen(cast, as_company, "workshop") == []
    with as_company(cast["provider"]):
        answer_request(request=request, accepts=True, now=NOW, actor="Bob")
    with as_company(cast["workshop"]):
        [grant] = living_grants(NOW)
        assert grant.channels == ["hours", "recipe"]
    contract = {"contract_id": uuid7(), "now": NOW}
    with as_company(cast["provider"]):
        assert grant_data(**contract, wanted={press: [wish(cast, "driver")]}) == []
        [given] = grant_data(**contract, wanted={press: [wish(cast, "hours", "driver")]})
        assert given.channels == ["hours"]
        [given] = grant_data(
            **contract, wanted={press: [wish(cast, "hours", "driver", named=True)]}
        )
        assert given.channels == ["driver", "hours"]


def wish(cast: dict[str, Any], *channels: str, **more: Any) -> GrantWish:
    facts = {"resolution": "raw", "purpose": "x", "start": NOW, **more}
    return GrantWish(cast["maker"].pk, channels, **facts)


def test_a_contract_brings_its_grants_in_line_and_none_is_given_twice(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    contract = {"contract_id": uuid7(), "now": NOW}

    def rows() -> list[tuple[list[str], datetime, datetime | None]]:
        found = DataGrant.objects.filter(origin="contract").order_by("valid_from", "channels")
        return list(found.values_list("channels", "valid_from", "valid_until"))

    with as_company(cast["provider"]):
        [first] = grant_data(**contract, wanted={press: [wish(cast, "hours", "power")]})
        assert grant_data(**contract, wanted={press: [wish(cast, "hours", "power")]}) == [first]
        # One of two channels goes later: both are read until then, by the same grant and another.
        parted = [wish(cast, "power"), wish(cast, "hours", until=LATER)]
        grants = grant_data(**contract, wanted={press: parted})
        assert first.pk in {grant.pk for grant in grants}
        assert rows() == [(["hours"], NOW, LATER), (["power"], NOW, None)]
        grant_data(**contract, wanted={press: parted})
        # For what it carries it has grants of their own.
        grant_data(**contract, wanted={press: [wish(cast, "power", start=LATER)]}, of_host=True)
        grant_data(**contract, wanted={press: []})
        assert rows() == [
            (["hours"], NOW, NOW), (["power"], NOW, NOW), (["power"], LATER, None)
        ]  # fmt: skip


def test_what_was_taken_back_stays_so_however_often_the_contract_wishes_it(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    contract = {"contract_id": uuid7(), "now": NOW}
    with as_company(cast["provider"]):
        [given] = grant_data(**contract, wanted={press: [wish(cast, "hours", revocable=True)]})
        revoke_grant(grant=given, now=NOW)
        for start in (NOW, LATER):
            again = wish(cast, "hours", revocable=True, start=start)
            assert grant_data(**contract, wanted={press: [again]}) == []
        assert DataGrant.objects.filter(origin="contract", revoked_at=None).count() == 0


def test_another_companys_request_takes_the_yes_of_both(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    with as_company(cast["provider"]):
        change_asset(asset=press, facts=facts_of(press, owner=cast["financier"].pk), now=NOW)
    with as_company(cast["financier"]):
        asset = Asset.objects.get(pk=press.pk)
        request = request_data(asset=asset, grantee_id=cast["financier"].pk, **TERMS)
        again = request_data(asset=asset, grantee_id=cast["financier"].pk, **TERMS)
        assert again.pk == request.pk
        with pytest.raises(ValidationError, match="Only who uses"):
            request_data(asset=asset, grantee_id=cast["maker"].pk, **TERMS)
    with as_company(cast["provider"]):
        run_waiting_jobs(now=NOW)
        answer_request(request=request, accepts=True, now=NOW, actor="Bob")
        assert not DataGrant.objects.filter(origin="request").exists()
        with pytest.raises(ValidationError, match="answered already"):
            answer_request(request=request, accepts=False, now=NOW, actor="Bob")
    with as_company(cast["customer"]):
        [shown] = seen_requests()
        answer_request(request=shown, accepts=True, now=NOW, actor="Cleo")
    with as_company(cast["provider"]):
        run_waiting_jobs(now=NOW)
        settle_request(request_id=request.pk, now=NOW)
        assert DataGrant.objects.filter(origin="request").count() == 1
    assert seen(cast, as_company, "financier") == ["request financier"]
    with as_company(cast["customer"]):
        end_consent(request=shown, now=NOW, actor="Cleo")
        end_consent(request=shown, now=NOW, actor="Cleo")
    with as_company(cast["provider"]):
        run_waiting_jobs(now=NOW)
    assert seen(cast, as_company, "financier") == []
    for slug in ("stranger", "maker", "workshop"):
        with as_company(cast[slug]):
            assert not DataRequest.objects.exists()
            assert not RequestAnswer.objects.exists()


def test_a_no_bears_nothing_whoever_says_it(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    with as_company(cast["provider"]):
        change_asset(asset=press, facts=facts_of(press, owner=cast["financier"].pk), now=NOW)
    with as_company(cast["financier"]):
        request = request_data(
            asset=Asset.objects.get(pk=press.pk), grantee_id=cast["financier"].pk, **TERMS
        )
    with as_company(cast["customer"]):
        answer_request(request=request, accepts=False, now=NOW, actor="Cleo", reason="No")
    with as_company(cast["provider"]):
        run_waiting_jobs(now=NOW)
        with pytest.raises(ValidationError, match="not open"):
            answer_request(request=request, accepts=True, now=NOW, actor="Bob")
        assert not DataGrant.objects.filter(origin="request").exists()
    with as_company(cast["stranger"]), pytest.raises(ValidationError, match="Nobody asks"):
        answer_request(request=request, accepts=True, now=NOW, actor="Eve")


def test_given_unasked_only_where_nobody_else_uses_it(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any]
) -> None:
    values = {**TERMS, "asset": press, "grantee_id": cast["workshop"].pk}
    with as_company(cast["provider"]):
        with pytest.raises(ValidationError, match="uses this asset"):
            give_data(**values)
        health = {**values, "kind": "health", "channels": [], "resolution": ""}
        grant = give_data(**health)
        assert give_data(**health).pk == grant.pk
        assert (grant.kind, grant.channels, grant.revocable) == ("health", [], True)
        change_asset(asset=press, facts=facts_of(press, customer=None), now=NOW)
        given = give_data(**values)
        with pytest.raises(ValidationError, match="stands already"):
            give_data(**{**values, "channels": ["power"]})
        revoke_grant(grant=given, now=NOW)
        assert give_data(**{**values, "channels": ["power"]}).channels == ["power"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channels": []}, "channels"), ({"channels": ["nothing"]}, "channels"),
        ({"resolution": "weekly"}, "resolution"), ({"valid_until": NOW}, "valid_until"),
        ({"valid_from": LATER}, "valid_until"),
    ],
)  # fmt: skip
def test_bad_terms_are_refused_by_their_field(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any], changes: dict[str, Any],
    field: str,
) -> None:  # fmt: skip
    with as_company(cast["customer"]):
        asset = Asset.objects.get(pk=press.pk)
        with pytest.raises(ValidationError) as refused:
            request_data(asset=asset, grantee_id=cast["customer"].pk, **{**TERMS, **changes})
        assert set(refused.value.message_dict) == {field}
        assert not DataRequest.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_until": NOW - timedelta(days=400)}, {"channels": []}, {"kind": "health"},
        {"origin": "contract"}, {"origin": "given", "valid_until": None}, {"grantee": "provider"},
    ],
)  # fmt: skip
def test_the_database_refuses_what_no_grant_may_be(
    press: Asset, cast: dict[str, Any], as_company: Callable[..., Any], changes: dict[str, Any]
) -> None:
    with as_company(cast["provider"]):
        facts = {
            "author": cast["provider"], "parties": [cast["provider"].pk], "asset": press,
            "grantee": cast["workshop"], "origin": "given", "channels": ["hours"],
            "resolution": "daily", "purpose": "x", "valid_from": NOW,
        }  # fmt: skip
        DataGrant.objects.create(**facts)
        if "grantee" in changes:
            changes = {"grantee": cast["provider"]}
        with pytest.raises(IntegrityError), transaction.atomic():
            DataGrant.objects.create(**{**facts, **changes})
        assert DataGrant.objects.filter(origin="given").count() == 1
