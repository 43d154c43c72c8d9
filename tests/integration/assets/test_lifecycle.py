"""An asset's life: holders without gap or overlap, acts that never change, each seen by its parties."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, ProgrammingError, transaction
from django.urls import reverse

from apps.accounts.operations import make_key
from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.domain.timeline import TitleFacts
from apps.assets.models import Asset, Holding, LifecycleAct
from apps.assets.operations import (
    change_asset,
    pass_title,
    record_act,
    register_asset_type,
    register_assets,
    withdraw_act,
)
from apps.assets.queries import retired_on
from apps.tenancy.context import company_context
from tests.conftest import NOW
from tests.integration.billing.scene import make_contract

CYCLES = ChannelFacts("cycles", "Cycles", "counter", "{cycle}")
TODAY = NOW.date()
LATER = NOW + timedelta(days=3)


@pytest.fixture
def facts(cast: dict[str, Any]) -> AssetFacts:
    with company_context(cast["provider"]):
        kind = register_asset_type(name="Press", channels=[CYCLES], now=NOW)
    return AssetFacts(
        kind.id, "Press 1", "P-1", manufacturer=cast["maker"].pk, owner=cast["provider"].pk,
        provider=cast["provider"].pk, customer=cast["customer"].pk,
        in_service_on=date(2026, 10, 1),
    )  # fmt: skip


@pytest.fixture
def press(cast: dict[str, Any], facts: AssetFacts) -> Asset:
    with company_context(cast["provider"]):
        return register_assets(assets=[facts], now=NOW)[0]


def seen(company: Any, **wanted: Any) -> list[tuple[str, str, bool]]:
    with company_context(company):
        rows = Holding.objects.filter(**wanted).order_by("role", "held_from")
        return [(row.role, row.holder_name, row.held_until is None) for row in rows]


def test_a_new_assets_holders_hold_since_it_is_in_service(
    press: Asset, cast: dict[str, Any]
) -> None:
    assert [row[0] for row in seen(cast["customer"])] == [
        "customer", "manufacturer", "owner", "provider",
    ]  # fmt: skip
    assert seen(cast["stranger"]) == seen(cast["financier"]) == []
    with company_context(cast["provider"]):
        starts = set(Holding.objects.values_list("held_from", flat=True))
    assert starts == {datetime(2026, 9, 30, 22, tzinfo=UTC)}


def test_holders_follow_the_passport_without_gap_or_overlap(
    press: Asset, facts: AssetFacts, cast: dict[str, Any]
) -> None:
    steps = [("financier", LATER), ("workshop", LATER), (None, LATER + timedelta(days=1)),
             ("provider", LATER + timedelta(days=2))]  # fmt: skip
    with company_context(cast["provider"]):
        for owner, at in steps:
            key = None if owner is None else cast[owner].pk
            for _twice in range(2):
                press = change_asset(asset=press, facts=replace(facts, owner=key), now=at)
        rows = list(Holding.objects.filter(role="owner"))
    # The financier held it for no time at all and never was the owner.
    spans = [(row.holder.slug, row.held_until) for row in rows]
    assert spans == [("provider", LATER), ("workshop", steps[2][1]), ("provider", None)]
    assert rows[1].held_from == LATER
    # Who comes later sees what stands, not what was before.
    assert ("owner", cast["workshop"].name, False) in seen(cast["workshop"])
    assert ("owner", cast["provider"].name, False) not in seen(cast["workshop"])


def test_the_database_itself_refuses_two_owners_and_another_past(
    press: Asset, facts: AssetFacts, cast: dict[str, Any]
) -> None:
    with company_context(cast["provider"]):
        row = Holding.objects.get(role="owner")
        second = {"asset": press, "role": "owner", "holder": cast["maker"], "holder_name": "M",
                  "author": cast["provider"], "parties": press.parties}  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Holding.objects.create(**second, held_from=LATER)
        change_asset(asset=press, facts=replace(facts, owner=None), now=LATER)
        for changed in ({"held_until": None}, {"holder": cast["maker"]}):
            with pytest.raises(DatabaseError), transaction.atomic():
                Holding.objects.filter(pk=row.pk).update(**changed)
        lasting = Holding.objects.filter(role="customer")
        with pytest.raises(DatabaseError), transaction.atomic():
            lasting.update(held_from=LATER)
    with company_context(cast["customer"]):
        assert Holding.objects.filter(role="customer").update(held_until=LATER) == 0


def title(press: Asset, cast: dict[str, Any], **more: Any) -> TitleFacts:
    given = {"asset": press.pk, "seller": cast["provider"].pk, "buyer": cast["financier"].pk,
             "at": LATER, "transfer": "atr_one", **more}  # fmt: skip
    return TitleFacts(**given)


def test_title_passes_once_and_only_from_the_owner(press: Asset, cast: dict[str, Any]) -> None:
    warranty = {"warranty_from": date(2026, 11, 5), "warranty_until": date(2027, 11, 4)}
    with company_context(cast["provider"]):
        not_the_owner = title(press, cast, seller=cast["maker"].pk)
        assert not pass_title(facts=not_the_owner, now=LATER)
        assert not pass_title(facts=title(press, cast, at=NOW - timedelta(days=90)), now=LATER)
        for _twice in range(2):
            assert pass_title(facts=title(press, cast, **warranty), now=LATER)
        assert not pass_title(facts=title(press, cast, transfer="atr_two"), now=LATER)
    assert seen(cast["financier"], role="owner") == [
        ("owner", cast["provider"].name, False), ("owner", cast["financier"].name, True),
    ]  # fmt: skip
    with company_context(cast["financier"]):
        bought = Asset.objects.get()
        assert (bought.owner_id, bought.warranty_until) == (
            cast["financier"].pk, date(2027, 11, 4),
        )  # fmt: skip


def test_after_a_transfer_the_passport_alone_makes_no_other_owner(
    press: Asset, facts: AssetFacts, cast: dict[str, Any]
) -> None:
    with company_context(cast["provider"]):
        pass_title(facts=title(press, cast), now=LATER)
        bought = replace(facts, owner=cast["financier"].pk, site="Hall 3")
        assert change_asset(asset=press, facts=bought, now=LATER).site == "Hall 3"
        with pytest.raises(ValidationError, match="by a transfer"):
            change_asset(asset=press, facts=facts, now=LATER)


def test_who_bought_stays_in_the_passport_though_its_author_does_not_know_it(
    press: Asset, facts: AssetFacts, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    stranger = cast["stranger"]
    with company_context(cast["provider"]):
        pass_title(facts=title(press, cast, buyer=stranger.pk), now=LATER)
        press.refresh_from_db()
        change_asset(asset=press, facts=replace(facts, owner=stranger.pk), now=LATER)
        with pytest.raises(ValidationError):
            change_asset(asset=press, facts=replace(facts, provider=-1), now=LATER)
    page = client_of(cast["provider"]).get(reverse("asset_edit", args=[press.public_id]))
    assert stranger.name in page.content.decode()


def act(
    company: Any, press: Asset, kind: str = "serviced", day: date = TODAY, note: str = ""
) -> LifecycleAct:
    with company_context(company):
        return record_act(asset=press, kind=kind, happened_on=day, note=note, now=NOW, actor="Anna")


def test_an_act_is_written_once_and_seen_by_its_parties_alone(
    press: Asset, cast: dict[str, Any]
) -> None:
    first = act(cast["customer"], press, note="Filter")
    assert act(cast["customer"], press, note=" Filter ").pk == first.pk
    for company in ("provider", "maker", "customer"):
        with company_context(cast[company]):
            assert [row.author_name for row in LifecycleAct.objects.all()] == [
                cast["customer"].name
            ]
    for company in ("stranger", "workshop"):
        with company_context(cast[company]):
            assert not LifecycleAct.objects.exists()
    with company_context(cast["customer"]):
        for change in (lambda: LifecycleAct.objects.update(note="x"), first.delete):
            with pytest.raises((ProgrammingError, DatabaseError)), transaction.atomic():
                change()


@pytest.mark.parametrize(
    ("kind", "day", "field"),
    [("exploded", NOW.date(), "kind"), ("moved", NOW.date() + timedelta(days=1), "happened_on")],
)
def test_what_cannot_have_happened_is_refused(
    press: Asset, cast: dict[str, Any], kind: str, day: date, field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        act(cast["customer"], press, kind, day)
    assert list(refused.value.error_dict) == [field]


def test_a_withdrawn_act_stays_marked(press: Asset, cast: dict[str, Any]) -> None:
    row = act(cast["customer"], press, "retired")
    with company_context(cast["provider"]):
        assert retired_on(press.pk) == NOW.date()
        with pytest.raises(LifecycleAct.DoesNotExist):
            withdraw_act(act_id=row.pk, reason="", now=NOW, actor="Bert")
    with company_context(cast["customer"]):
        for _twice in range(2):
            withdraw_act(act_id=row.pk, reason="Another press", now=NOW, actor="Anna")
        assert LifecycleAct.objects.count() == 2
    with company_context(cast["provider"]):
        assert retired_on(press.pk) is None
    with pytest.raises(ValidationError, match="withdrew"):
        act(cast["customer"], press, "retired")


def test_the_page_tells_the_life_in_both_languages(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any], person_of: Any
) -> None:
    make_contract(cast["provider"], cast["customer"], [press], title="Presses by the cycle")
    client = client_of(cast["customer"])
    assert (
        "/timeline/" in client.get(reverse("asset_detail", args=[press.public_id])).content.decode()
    )
    typed = {"kind": "serviced", "happened_on": NOW.date().isoformat(), "note": "Oil changed"}
    new = reverse("act_new", args=[press.public_id])
    assert client.get(new).status_code == 200
    assert client.post(new, {**typed, "happened_on": "2099-01-01"}).status_code == 422
    for _twice in range(2):
        assert client.post(new, typed).status_code == 302
    url = reverse("asset_timeline", args=[press.public_id])
    page = client.get(url).content.decode()
    for words in ("Serviced", "Oil changed", "Covered by a contract", "Presses by the cycle",
                  "Service provider", cast["maker"].name, "In service", "1 Oct 2026"):  # fmt: skip
        assert words in page, words
    assert page.count("Oil changed") == 1
    [own] = _acts(cast["customer"])
    assert f"/acts/{own}/withdrawal/" in page
    other = client_of(cast["provider"])
    assert "/withdrawal/" not in other.get(url).content.decode()
    assert other.post(f"/acts/{own}/withdrawal/").status_code == 404
    assert client.post(f"/acts/{own}/withdrawal/").status_code == 302
    person = person_of(cast["customer"])
    person.language = "de"
    person.save()
    german = client.get(url).content.decode()
    for words in ("Gewartet", "Zurückgezogen", "Hersteller", "Durch einen Vertrag abgedeckt"):
        assert words in german, words
    # The maker sees its passport, and no contract of others.
    assert "Presses by the cycle" not in client_of(cast["maker"]).get(url).content.decode()
    for path in (url, new):
        assert client_of(cast["stranger"]).get(path).status_code == 404


def _acts(company: Any) -> list[str]:
    with company_context(company):
        return [row.public_id for row in LifecycleAct.objects.filter(withdraws=None)]


def test_programs_read_the_life(
    press: Asset, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    act(cast["customer"], press, "installed", date(2026, 10, 1))
    url = f"/api/v1/assets/{press.public_id}/timeline"
    for company, status in (("maker", 200), ("stranger", 404)):
        with company_context(cast[company]):
            _key, secret = make_key(name="reader", scope="read", now=NOW)
        client = client_of(cast[company])
        answer = client.get(url, HTTP_AUTHORIZATION=f"Bearer {secret}")
        assert answer.status_code == status
    with company_context(cast["maker"]):
        _key, secret = make_key(name="again", scope="read", now=NOW)
    body = client_of(cast["maker"]).get(url, HTTP_AUTHORIZATION=f"Bearer {secret}").json()
    assert {row["role"] for row in body["holders"]} == {
        "manufacturer", "owner", "provider", "customer",
    }  # fmt: skip
    assert ("installed", "2026-10-01") in [(row["kind"], row["day"]) for row in body["entries"]]
