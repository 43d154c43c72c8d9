"""One place at a time, one component a position, no circles, and counter values that are readings."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts.operations import make_key
from apps.assets.domain.facts import AssetFacts
from apps.assets.domain.mounting import LifeFacts, MountFacts
from apps.assets.models import AssetType, ComponentLife, CounterNote, Mounting
from apps.assets.operations import (
    begin_life,
    change_asset,
    correct_mounting,
    dismount_component,
    exchange_component,
    import_mountings,
    plan_mounting_import,
    withdraw_mounting,
)
from apps.events.operations import run_waiting_jobs
from apps.telemetry.models import Channel, Disbelief
from apps.telemetry.operations import recompute_dirty
from apps.telemetry.queries import value_at
from apps.tenancy.context import company_context
from tests.integration.assets.fleet import Fleet, at, make_fleet

CSV = """component,host,position,mounted_at,mounted_value,dismounted_at,dismounted_value
T1,TRUCK-1,FL,2026-03-01T00:00:00+01:00,1000,2026-03-14T10:00:00+01:00,2300.5
T1,TRUCK-2,FL,2026-03-14T10:00:00+01:00,412000,,
"""


@pytest.fixture
def fleet(cast: dict[str, Any], now: datetime) -> Iterator[Fleet]:
    with company_context(cast["provider"]):
        yield make_fleet(cast["provider"], cast["customer"], now)


def odometer(fleet: Fleet, serial: str) -> Channel:
    return Channel.objects.get(asset_id=fleet.assets[serial].pk, code="odometer")


def test_a_component_is_in_one_place_and_a_position_holds_one(fleet: Fleet) -> None:
    first = fleet.mount("T1", "TRUCK-1", "FL", "2026-03-01T00:00:00Z", "1000")
    assert (first.factor, first.unit, first.channel_code) == (1, "km", "odometer")
    with pytest.raises(ValidationError) as refused:
        fleet.mount("T1", "TRUCK-2", "FL", "2026-03-02T00:00:00Z")
    assert "Truck-1" in str(refused.value.message_dict["component"])
    with pytest.raises(ValidationError) as refused:
        fleet.mount("T2", "TRUCK-1", "FL", "2026-03-02T00:00:00Z")
    assert list(refused.value.message_dict) == ["position"]
    with pytest.raises(ValidationError) as refused:
        fleet.mount("T2", "TRUCK-1", "FL", "2026-02-02T00:00:00Z")
    assert "later" in str(refused.value.message_dict["position"])
    assert Mounting.objects.count() == 1


def test_the_database_itself_refuses_two_at_once(fleet: Fleet) -> None:
    made = fleet.mount("T1", "TRUCK-1", "FL", "2026-03-01T00:00:00Z")
    twin = Mounting.objects.get(pk=made.pk)
    for host, position in ((fleet.assets["TRUCK-2"], "FL"), (made.host, "FR")):
        twin.pk, twin._state.adding, twin.host, twin.position = None, True, host, position
        twin.id = Mounting._meta.pk.get_default()  # type: ignore[union-attr]
        with pytest.raises(IntegrityError, match="one_place"), transaction.atomic():
            twin.save(force_insert=True)


def test_moving_twice_in_one_day_and_an_exchange_is_one_act(fleet: Fleet) -> None:
    fleet.mount("T1", "TRUCK-1", "FL", "2026-03-01T00:00:00Z", "1000")
    fleet.mount("T2", "TRUCK-2", "FL", "2026-03-01T00:00:00Z", "412000")
    t1, trucks = fleet.assets["T1"].pk, [fleet.assets[f"TRUCK-{n}"].pk for n in (1, 2)]
    facts = MountFacts(t1, trucks[1], "FL", at("2026-03-14T08:00:00Z"), Decimal("413000"))
    exchange_component(facts=facts, from_value=Decimal("2300.5"), now=fleet.now)
    back = MountFacts(t1, trucks[0], "FL", at("2026-03-14T16:00:00Z"), Decimal("2310"))
    exchange_component(facts=back, from_value=Decimal("413200"), now=fleet.now)
    rows = Mounting.objects.filter(component=t1).order_by("mounted_at")
    assert [(row.host_label, row.mounted_value, row.dismounted_value) for row in rows] == [
        ("Truck-1", 1000, Decimal("2300.5")), ("Truck-2", 413000, 413200), ("Truck-1", 2310, None),
    ]  # fmt: skip
    out = Mounting.objects.get(component=fleet.assets["T2"])
    assert (out.dismounted_at, out.dismounted_value) == (at("2026-03-14T08:00:00Z"), 413000)
    with pytest.raises(ValidationError):
        exchange_component(facts=back, now=fleet.now)
    assert rows.count() == 3


def test_couplings_form_no_circle_and_a_tire_sits_on_a_trailer(fleet: Fleet) -> None:
    fleet.mount("T1", "TRAILER-1", "TL", "2026-03-01T00:00:00Z")
    coupled = fleet.mount("TRAILER-1", "TRUCK-1", "coupling", "2026-03-01T00:00:00Z", "1000")
    assert coupled.position == "coupling"
    with pytest.raises(ValidationError) as refused:
        fleet.mount("T2", "TRUCK-1", "coupling", "2026-03-01T00:00:00Z")
    assert list(refused.value.message_dict) == ["position"]
    AssetType.objects.filter(name="Truck").update(is_component=True)
    with pytest.raises(ValidationError) as refused:
        fleet.mount("TRUCK-1", "TRAILER-1", "coupling", "2026-04-01T00:00:00Z")
    assert "itself mounted" in str(refused.value.message_dict["host"])
    with pytest.raises(ValidationError, match="on itself"):
        fleet.mount("TRAILER-1", "TRAILER-1", "TL", "2026-04-01T00:00:00Z")
    with pytest.raises(ValidationError) as refused:
        fleet.mount("T2", "TRAILER-1", "TL", "2026-05-01T00:00:00Z", "5")
    assert list(refused.value.message_dict) == ["value"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"position": "XX"}, "position"), ({"when": "2027-01-01T00:00:00Z"}, "at"),
        ({"component": "TRUCK-2"}, "component"), ({"channel": "hours"}, "channel"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_field(
    fleet: Fleet, more: dict[str, str], field: str
) -> None:
    said = {"component": "T1", "host": "TRUCK-1", "position": "FL", "when": "2026-03-01T00:00:00Z"}
    with pytest.raises(ValidationError) as refused:
        fleet.mount(**{**said, **more})
    assert list(refused.value.message_dict) == [field]
    assert not Mounting.objects.exists()


def test_counter_values_become_readings_and_a_conflict_keeps_the_first(fleet: Fleet) -> None:
    fleet.send("TRUCK-1", ("2026-03-14T09:00:00Z", "2300.5"))
    made = fleet.mount("T1", "TRUCK-1", "FL", "2026-03-01T00:00:00Z", "1000")
    dismount_component(
        mounting=made, at=at("2026-03-14T09:00:00Z"), value=Decimal("2299"), now=fleet.now
    )
    run_waiting_jobs(now=fleet.now)
    recompute_dirty(now=fleet.now)
    channel = odometer(fleet, "TRUCK-1")
    assert value_at(channel, at("2026-03-01T00:00:00Z")).value == 1000  # type: ignore[union-attr]
    assert value_at(channel, at("2026-03-14T09:00:00Z")).value == Decimal("2300.5")  # type: ignore[union-attr]
    notes = {row.edge: (row.outcome, row.standing) for row in CounterNote.objects.all()}
    assert notes == {
        "mounted": ("stored", None), "dismounted": ("conflict", Decimal("2300.5")),
    }  # fmt: skip


def test_a_withdrawn_mounting_stays_and_its_reading_is_not_believed(fleet: Fleet) -> None:
    made = fleet.mount("T1", "TRUCK-1", "FL", "2026-03-01T00:00:00Z", "9000")
    run_waiting_jobs(now=fleet.now)
    with pytest.raises(ValidationError):
        withdraw_mounting(mounting=made, reason=" ", now=fleet.now)
    facts = MountFacts(
        made.component_id, made.host_id, "FR", at("2026-03-02T00:00:00Z"), Decimal("1000")
    )
    correct_mounting(mounting=made, facts=facts, reason="wrong wheel", now=fleet.now)
    run_waiting_jobs(now=fleet.now)
    recompute_dirty(now=fleet.now)
    old, new = Mounting.objects.order_by("mounted_at")
    assert (old.withdrawn_reason, new.position) == ("wrong wheel", "FR")
    assert Disbelief.objects.get().value == 9000
    assert value_at(odometer(fleet, "TRUCK-1"), fleet.now).value == 1000  # type: ignore[union-attr]


def test_only_the_components_author_writes_and_parties_of_both_see_it(
    fleet: Fleet, cast: dict[str, Any]
) -> None:
    made = fleet.mount("T1", "TRUCK-1", "FL", "2026-03-01T00:00:00Z")
    with company_context(cast["customer"]):
        assert Mounting.objects.get().pk == made.pk
        with pytest.raises(ValidationError):
            dismount_component(mounting=made, at=at("2026-03-02T00:00:00Z"), now=fleet.now)
    with company_context(cast["stranger"]):
        assert not Mounting.objects.exists()
    assert Mounting.objects.get().dismounted_at is None


def test_a_file_is_looked_at_stored_whole_and_the_same_again_changes_nothing(fleet: Fleet) -> None:
    plan = plan_mounting_import(text=CSV, now=fleet.now)
    assert (plan.mounted, plan.dismounted, plan.problem_count) == (2, 1, 0)
    assert not Mounting.objects.exists()
    import_mountings(text=CSV, now=fleet.now)
    again = import_mountings(text=CSV, now=fleet.now)
    assert (again.mounted, again.dismounted, again.unchanged) == (0, 0, 2)
    assert Mounting.objects.count() == 2


def test_every_problem_of_a_file_is_named_and_nothing_is_stored(fleet: Fleet) -> None:
    bad = CSV + (
        "T1,TRUCK-1,FR,2026-03-20T00:00:00+01:00,,,\n"
        "T9,TRUCK-1,FR,2026-03-20 00:00,x,,\nT2,TRUCK-2,FR,2026-03-20T00:00:00Z,,,7\n"
    )
    plan = plan_mounting_import(text=bad, now=fleet.now)
    found = {
        (row.cells.line, column, reason) for row in plan.lines for column, reason, _ in row.problems
    }
    assert found == {
        (4, "component", "refused"), (5, "component", "unknown_component"),
        (5, "mounted_at", "bad_instant"), (5, "mounted_value", "bad_number"),
        (6, "dismounted_at", "needed"),
    }  # fmt: skip
    with pytest.raises(ValidationError):
        import_mountings(text=bad, now=fleet.now)
    assert not Mounting.objects.exists()


def test_a_risen_tread_is_a_new_life(fleet: Fleet) -> None:
    facts = LifeFacts(fleet.assets["T1"].pk, "retreaded", at("2026-03-01T00:00:00Z"), Decimal(14))
    life = begin_life(facts=facts, now=fleet.now)
    assert begin_life(facts=facts, now=fleet.now).pk == life.pk
    other = LifeFacts(facts.component, "new", facts.began_at, Decimal(16))
    with pytest.raises(ValidationError):
        begin_life(facts=other, now=fleet.now)
    assert ComponentLife.objects.count() == 1


def test_the_pages_mount_exchange_dismount_and_correct(
    fleet: Fleet, client_of: Callable[..., Any]
) -> None:
    client = client_of(fleet.provider, "technician")
    truck, tire = fleet.assets["TRUCK-1"], fleet.assets["T1"]
    assert (
        "Front left" in client.get(reverse("asset_detail", args=[truck.public_id])).content.decode()
    )
    new = reverse("mounting_new", args=[truck.public_id])
    assert client.get(new, {"position": "FL"}).status_code == 200
    said = {"component": "T1", "position": "FL", "at": "2026-03-01T08:00", "value": "1000,5"}
    assert client.post(new, {**said, "component": "nothing"}).status_code == 422
    assert client.post(new, said).status_code == 302
    with company_context(fleet.provider):
        made = Mounting.objects.get()
    assert (made.mounted_at, made.mounted_value) == (
        datetime(2026, 3, 1, 7, tzinfo=UTC), Decimal("1000.5"),
    )  # fmt: skip
    answer = client.post(
        new, {**said, "component": "T2", "at": "2026-03-02T08:00", "value": "1100"}
    )
    assert answer.status_code == 302
    page = client.get(reverse("asset_detail", args=[tire.public_id])).content.decode()
    assert "Truck-1" in page
    assert "1,100" in page
    correction = reverse("mounting_correction", args=[made.public_id])
    assert client.get(correction).status_code == 200
    assert client.post(correction, {"never": "on"}).status_code == 422
    assert client.post(correction, {"never": "on", "reason": "typo"}).status_code == 302
    with company_context(fleet.provider):
        second = Mounting.objects.get(withdrawn_at=None)
    end = reverse("mounting_end", args=[second.public_id])
    assert client.get(end).status_code == 200
    assert client.post(end, {"at": "2026-02-02T08:00"}).status_code == 422
    assert client.post(end, {"at": "2026-03-03T08:00", "value": "1200"}).status_code == 302
    life = reverse("life_new", args=[tire.public_id])
    assert client.get(life).status_code == 200
    sent = {"kind": "new", "began_at": "2026-03-01T08:00", "tread": "16"}
    assert client.post(life, sent).status_code == 302
    place = reverse("placement_new", args=[fleet.assets["TRAILER-1"].public_id])
    assert client.get(place).status_code == 200
    sent = {"host": "TRUCK-2", "position": "coupling", "at": "2026-03-01T08:00", "value": "412000"}
    assert client.post(place, sent).status_code == 302
    assert client_of(fleet.provider, "viewer").get(new).status_code == 403


def test_the_page_takes_a_file(fleet: Fleet, client_of: Callable[..., Any]) -> None:
    client = client_of(fleet.provider)
    address = reverse("mounting_import")
    assert client.get(address).status_code == 200
    assert b"component" in client.get(reverse("mounting_import_template")).content
    assert (
        client.post(address, {"text": CSV + "T1,TRUCK-1,XX,2026-05-01T00:00:00Z,,,\n"}).status_code
        == 422
    )
    assert client.post(address, {"text": CSV}).status_code == 302
    with company_context(fleet.provider):
        assert Mounting.objects.count() == 2


def test_programs_mount_with_a_key_of_their_own(
    fleet: Fleet, client_of: Callable[..., Any]
) -> None:
    _key, secret = make_key(name="workshop", scope="mount", now=fleet.now)
    _key, reading = make_key(name="reader", scope="read", now=fleet.now)
    client = client_of(fleet.provider)
    send = {"content_type": "application/json", "HTTP_AUTHORIZATION": f"Bearer {secret}"}
    body = {"component": "T1", "host": "TRUCK-1", "position": "FL", "at": "2026-03-01T00:00:00Z",
            "value": "1000.5"}  # fmt: skip
    made = client.post(reverse("api_mountings"), body, **send)
    assert made.status_code == 201, made.content
    assert (made.json()["mounted_value"], made.json()["unit"]) == ("1000.5", "km")
    bad = client.post(reverse("api_mountings"), {**body, "value": 1.5, "at": "yesterday"}, **send)
    assert bad.status_code == 400
    assert set(bad.json()["errors"]) == {"value", "at"}
    end = reverse("api_mounting_end", args=[made.json()["id"]])
    ended = client.post(end, {"at": "2026-03-02T00:00:00Z", "value": "1100"}, **send)
    assert ended.json()["dismounted_value"] == "1100"
    address = reverse("api_asset_mountings", args=[fleet.assets["TRUCK-1"].public_id])
    found = client.get(address, HTTP_AUTHORIZATION=f"Bearer {reading}").json()["mountings"]
    assert [row["component_label"] for row in found] == ["T1"]
    assert client.get(address, HTTP_AUTHORIZATION=f"Bearer {secret}").status_code == 403


def test_who_sees_one_of_both_gets_no_link_to_the_other(
    fleet: Fleet, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    """The maker sees a tire, not the truck; the workshop the truck, not the tire."""
    tire, truck = fleet.assets["T1"], fleet.assets["TRUCK-1"]
    for asset, slug in ((tire, "maker"), (truck, "financier")):
        facts = AssetFacts(
            asset.asset_type_id, asset.name, asset.serial, owner=cast[slug].pk,
            provider=fleet.provider.pk, customer=fleet.customer.pk,
        )  # fmt: skip
        change_asset(asset=asset, facts=facts, now=fleet.now)
    fleet.mount("T1", "TRUCK-1", "FL", "2026-01-01T00:00:00Z")
    for asset, other, slug in ((tire, truck, "maker"), (truck, tire, "financier")):
        address = reverse("asset_detail", args=[other.public_id])
        for company, links in ((cast[slug], False), (fleet.provider, True)):
            client = client_of(company)
            pages = [
                client.get(reverse(route, args=[asset.public_id])).content.decode()
                for route in ("asset_detail", "asset_timeline")
            ]
            assert all(other.name in page for page in pages)
            assert [address in page for page in pages] == [links, links]
        served = client_of(cast[slug]).get("/home/served/").content.decode()
        assert other.name in served
        assert reverse("asset_detail", args=[asset.public_id]) in served
        assert address not in served
        use = reverse("host_positions", args=[truck.public_id])
        shown = client_of(cast[slug]).get(reverse("asset_detail", args=[asset.public_id]))
        assert use not in shown.content.decode(), "a month by position is its collector's"
