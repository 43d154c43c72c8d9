"""From a blueprint to a network, step by step: saved, taken up again, made once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.assets.domain.facts import AssetFacts
from apps.assets.models import AssetType
from apps.assets.operations import register_assets
from apps.blueprints.models import NetworkSetup, OwnBlueprint
from apps.blueprints.operations import (
    answer_places,
    begin_setup,
    take_in_blueprint,
    written_blueprint,
)
from apps.blueprints.operations.making import _facts_of
from apps.blueprints.queries import SHIPPED, read_blueprint, shipped_blueprints, shipped_text
from apps.contracts.domain.facts import ItemFacts
from apps.contracts.models import Contract, ContractItem, SplitVersion
from apps.contracts.operations import change_draft, write_clause
from apps.networks.models import Participation, ValueNetwork
from apps.networks.operations import answer_invitation
from apps.telemetry.operations import sync_channels
from apps.tenancy.context import company_context
from apps.tenancy.models import Acquaintance


@pytest.fixture
def provider(client_of: Callable[..., Any], cast: dict[str, Any]) -> Any:
    return client_of(cast["provider"])


def begun(client: Any, code: str = "tire-as-a-service") -> str:
    """The address of the setup."""
    return str(client.post(f"/blueprints/{code}/beginning/")["Location"]).replace("places/", "")


def filled(cast: dict[str, Any], **more: str) -> dict[str, str]:
    return {
        "name": "Tires", "purpose": "Good tires", "who_provider": "ours",
        "who_fleet": str(cast["customer"].pk), "who_maker": str(cast["maker"].pk),
        "who_second-maker": "later", "who_financier": str(cast["financier"].pk),
        "who_workshop": "later", **more,
    }  # fmt: skip


TERMS = {
    "0-wanted": "on", "0-title": "Our tires", "0-starts_on": "2026-11-01", "0-tire_km": "0,0052",
}  # fmt: skip


def test_the_steps_lead_to_a_network_a_draft_and_its_split(
    provider: Any, cast: dict[str, Any]
) -> None:
    page = begun(provider)
    assert begun(provider) == page
    assert "Tire maker" in provider.get(page + "places/").content.decode()
    assert provider.post(page + "places/", filled(cast))["Location"] == page + "flows/"
    flows = provider.get(page + "flows/").content.decode()
    assert "Customer Foods GmbH" in flows
    assert "Second tire maker" in flows
    assert provider.post(page + "terms/", TERMS)["Location"] == page
    assert "Make the network" in provider.get(page).content.decode()
    with company_context(cast["provider"]):
        assert not ValueNetwork.objects.exists()
    for _twice in range(2):
        provider.post(page + "making/")
    with company_context(cast["provider"]):
        [network] = ValueNetwork.objects.all()
        rows = Participation.objects.values_list("company__slug", "role", "state")
        assert set(rows) == {
            ("provider", "provider", "active"), ("provider", "owner", "active"),
            ("customer", "customer", "invited"), ("maker", "manufacturer", "invited"),
            ("financier", "owner", "invited"),
        }  # fmt: skip
        [contract] = Contract.objects.all()
        assert (contract.title, contract.state, contract.network_id) == (
            "Our tires", "draft", network.pk,
        )  # fmt: skip
        [plan] = contract.plans.all()
        assert plan.plan["charges"][0]["unit_price"] == "0.0052"
        assert set(AssetType.objects.values_list("name", flat=True)) == {"Truck", "Tire"}
        # The makers share by what their tires ran: it waits for the first tire.
        assert not SplitVersion.objects.exists()
    assert "On the way to the first invoice" in provider.get(page).content.decode()


def test_what_was_registered_since_is_covered_and_the_split_follows(
    provider: Any, cast: dict[str, Any]
) -> None:
    page = begun(provider, "cleaning-service")
    places = {
        "name": "Cleaning", "who_provider": "ours", "who_plant": str(cast["customer"].pk),
        "who_maker": str(cast["maker"].pk), "who_supplier": "later",
    }  # fmt: skip
    provider.post(page + "places/", places)
    provider.post(page + "making/")
    with company_context(cast["provider"]):
        assert Contract.objects.count() == 1
        assert not ContractItem.objects.exists()
        kind = AssetType.objects.get(name="Dosing unit")
        facts = [
            AssetFacts(kind.pk, f"Line {number}", f"L-{number}", customer=customer)
            for number, customer in enumerate([cast["customer"].pk, cast["customer"].pk, None])
        ]
        register_assets(assets=facts, now=timezone.now())
    provider.post(page + "making/")
    provider.post(page + "making/")
    with company_context(cast["provider"]):
        assert Contract.objects.count() == 1
        items = ContractItem.objects.values_list("asset_label", "meter")
        assert sorted(items) == [
            ("Line 0", "detergent"), ("Line 0", "washes"),
            ("Line 1", "detergent"), ("Line 1", "washes"),
        ]  # fmt: skip
        [split] = SplitVersion.objects.all()
        assert (split.state, set(split.value.parties)) == (
            "draft", {cast["maker"].pk, cast["provider"].pk},
        )  # fmt: skip


def covered(provider: Any, cast: dict[str, Any], terms: dict[str, Any]) -> list[Any]:
    """The clause of a cleaning contract drafted by these answers, once a line is registered."""
    page = begun(provider, "cleaning-service")
    places = {
        "name": "Cleaning", "who_provider": "ours", "who_plant": str(cast["customer"].pk),
        "who_maker": str(cast["maker"].pk), "who_supplier": str(cast["workshop"].pk),
    }  # fmt: skip
    provider.post(page + "places/", places)
    shown = provider.get(page + "terms/").content.decode()
    assert "washes, hourly" in shown
    assert provider.post(page + "terms/", terms).status_code == 302
    provider.post(page + "making/")
    with company_context(cast["provider"]):
        kind = AssetType.objects.get(name="Dosing unit")
        facts = [AssetFacts(kind.pk, "Line", "L-1", customer=cast["customer"].pk)]
        register_assets(assets=facts, now=timezone.now())
    for _twice in range(2):
        provider.post(page + "making/")
    with company_context(cast["provider"]):
        return list(Contract.objects.get().clause)


CLEANING = {
    "0-wanted": "on", "0-title": "Cleaning", "0-starts_on": "2026-11-01", "0-base": "350",
    "0-wash": "1.20",
}  # fmt: skip


def test_the_data_of_the_blueprint_stand_in_the_drafts_clause(
    provider: Any, cast: dict[str, Any]
) -> None:
    chosen = ["maker-hourly", "supplier-daily"]
    clause = covered(provider, cast, {**CLEANING, "0-recipients": chosen})
    assert {(row.company, row.channels, row.resolution) for row in clause} == {
        (cast["maker"].pk, ("washes",), "hourly"),
        (cast["workshop"].pk, ("detergent",), "daily"),
    }


def test_who_is_not_chosen_reads_nothing(provider: Any, cast: dict[str, Any]) -> None:
    clause = covered(provider, cast, {**CLEANING, "0-recipients": ["supplier-daily"]})
    assert [row.company for row in clause] == [cast["workshop"].pk]


def test_a_place_filled_anew_gets_a_draft_of_its_own(provider: Any, cast: dict[str, Any]) -> None:
    """What was drafted for the first customer never shows the second one's assets."""
    page = begun(provider, "cleaning-service")
    places = {"name": "Cleaning", "who_provider": "ours", "who_plant": str(cast["customer"].pk)}
    provider.post(page + "places/", places)
    provider.post(page + "making/")
    provider.post(page + "places/", {**places, "who_plant": str(cast["workshop"].pk)})
    with company_context(cast["provider"]):
        first = Contract.objects.get()
        kind = AssetType.objects.get(name="Dosing unit")
        facts = [AssetFacts(kind.pk, "Line", "L-1", customer=cast["workshop"].pk)]
        register_assets(assets=facts, now=timezone.now())
    provider.post(page + "making/")
    with company_context(cast["provider"]):
        [contract] = Contract.objects.all()
        assert contract.pk != first.pk
        assert contract.customer == cast["workshop"]
        assert {row.asset_label for row in ContractItem.objects.all()} == {"Line"}


def test_the_clause_is_written_too_where_the_assets_were_added_by_hand(
    provider: Any, cast: dict[str, Any]
) -> None:
    page = begun(provider, "cleaning-service")
    places = {
        "name": "Cleaning", "who_provider": "ours", "who_plant": str(cast["customer"].pk),
        "who_maker": str(cast["maker"].pk), "who_supplier": "later",
    }  # fmt: skip
    provider.post(page + "places/", places)
    provider.post(page + "making/")
    with company_context(cast["provider"]):
        kind = AssetType.objects.get(name="Dosing unit")
        facts = [AssetFacts(kind.pk, "Line", "L-1", customer=cast["customer"].pk)]
        [asset] = register_assets(assets=facts, now=timezone.now())
        cover_by_hand(Contract.objects.get(), asset)
    provider.post(page + "making/")
    with company_context(cast["provider"]):
        contract = Contract.objects.get()
        assert [(row.company, row.channels) for row in contract.clause] == [
            (cast["maker"].pk, ("washes",))
        ]
        write_clause(contract=contract, entries=[], now=timezone.now())
    provider.post(page + "making/")
    with company_context(cast["provider"]):
        assert Contract.objects.get().clause == []  # Emptied by a person: it stays so.


def cover_by_hand(contract: Contract, asset: Any) -> None:
    """As in the draft's own form."""
    items = [ItemFacts(asset.pk, "washes", "washes"), ItemFacts(asset.pk, "detergent", "detergent")]
    sync_channels(asset_ids=[asset.pk])
    change_draft(
        contract=contract, facts=_facts_of(contract), items=items,
        plan=contract.plans.get().plan, now=timezone.now(), actor="Anna",
    )  # fmt: skip


def test_an_offer_without_assets_is_refused(provider: Any, cast: dict[str, Any]) -> None:
    page = begun(provider, "cleaning-service")
    places = {"name": "Cleaning", "who_provider": "ours", "who_plant": str(cast["customer"].pk)}
    provider.post(page + "places/", places)
    provider.post(page + "making/")
    with company_context(cast["customer"]):
        for row in Participation.objects.select_related("network"):
            answer_invitation(participation=row, accepts=True, now=timezone.now(), actor="C")
    with company_context(cast["provider"]):
        from apps.events.operations import run_waiting_jobs

        run_waiting_jobs(now=timezone.now())
        [contract] = Contract.objects.all()
    answer = provider.post(f"/contracts/{contract.public_id}/offer/", follow=True)
    assert "No asset feeds the meter" in answer.content.decode()
    with company_context(cast["provider"]):
        contract.refresh_from_db()
        assert contract.state == "draft"


def test_refusals_keep_what_was_typed_and_change_nothing(
    provider: Any, cast: dict[str, Any]
) -> None:
    page = begun(provider)
    wrong = provider.post(page + "places/", filled(cast, who_provider="later", purpose="Typed"))
    assert wrong.status_code == 422
    assert "at least one place" in wrong.content.decode()
    assert "Typed" in wrong.content.decode()
    unknown = filled(cast, who_workshop="address", address_workshop="nobody-here")
    wrong = provider.post(page + "places/", unknown)
    assert "no other company at the address" in wrong.content.decode()
    foreign = filled(cast, who_fleet=str(cast["stranger"].pk))
    assert provider.post(page + "places/", foreign).status_code == 422
    with company_context(cast["provider"]):
        assert NetworkSetup.objects.get().answers["places"] == {}
        assert not Acquaintance.objects.filter(parties__contains=[cast["stranger"].pk]).exists()
    provider.post(page + "places/", filled(cast))
    wrong = provider.post(page + "terms/", {**TERMS, "0-tire_km": "much"})
    assert wrong.status_code == 422
    assert "Enter a number" in wrong.content.decode()
    refused = provider.post(page.replace("nsu_", "nsu_0") + "making/")
    assert refused.status_code == 404


def test_only_partners_fill_a_place(cast: dict[str, Any], now: Any) -> None:
    from django.core.exceptions import ValidationError

    from apps.blueprints.domain.answers import Filling

    with company_context(cast["provider"]):
        setup = begin_setup(blueprint="tire-as-a-service", now=now, actor="A")
        fillings = {"provider": Filling("ours"), "fleet": Filling("company", cast["stranger"].pk)}
        with pytest.raises(ValidationError, match="Choose one of your partners") as refused:
            answer_places(
                setup=setup, name="N", purpose="", members_meet=False, fillings=fillings,
                addresses={}, now=now, actor="A",
            )  # fmt: skip
        assert set(refused.value.message_dict) == {"fleet"}
        setup.refresh_from_db()
        assert setup.answers["places"] == {}


def test_a_new_partner_is_found_by_the_address_of_its_portal(
    provider: Any, cast: dict[str, Any]
) -> None:
    page = begun(provider)
    provider.post(
        page + "places/", filled(cast, who_workshop="address", address_workshop="stranger")
    )
    provider.post(page + "making/")
    with company_context(cast["stranger"]):
        [row] = Participation.objects.all()
        assert (row.role, row.state) == ("maintenance", "invited")


def test_nobody_else_sees_what_is_on_its_way(
    provider: Any, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    page = begun(provider)
    for slug in ("customer", "stranger"):
        client = client_of(cast[slug])
        for step in ("", "places/", "flows/", "terms/"):
            assert client.get(page + step).status_code == 404
        assert client.post(page + "making/").status_code == 404
    assert client_of(cast["provider"], "viewer").get(page).status_code == 403
    assert "Take up again" in provider.get("/blueprints/").content.decode()
    provider.post(page + "discarding/")
    assert provider.get(page).status_code == 404
    assert begun(provider) != page


@pytest.mark.parametrize("code", SHIPPED)
def test_every_step_of_every_blueprint_opens(provider: Any, code: str) -> None:
    page = begun(provider, code)
    place = shipped_blueprints()[code].network.founder
    assert provider.post(page + "places/", {"name": "N", f"who_{place}": "ours"}).status_code == 302
    for step in ("places/", "flows/", "terms/", ""):
        assert provider.get(page + step).status_code == 200, step


@pytest.mark.parametrize("code", ["services-in-operation", "equipment-as-a-service"])
def test_splits_of_the_other_models_are_drafted(
    provider: Any, cast: dict[str, Any], code: str
) -> None:
    customer = {"services-in-operation": "user", "equipment-as-a-service": "producer"}[code]
    owner = {"services-in-operation": "owner", "equipment-as-a-service": "financier"}[code]
    page = begun(provider, code)
    places = {
        "name": "N", "who_provider": "ours", f"who_{customer}": str(cast["customer"].pk),
        f"who_{owner}": str(cast["financier"].pk), "who_maker": str(cast["maker"].pk),
    }  # fmt: skip
    provider.post(page + "places/", places)
    provider.post(page + "making/")
    with company_context(cast["provider"]):
        [split] = SplitVersion.objects.all()
        assert cast["financier"].pk in split.value.parties


def test_a_network_is_written_and_taken_in_as_a_blueprint(
    provider: Any, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    page = begun(provider, "equipment-as-a-service")
    places = {
        "name": "By use", "who_provider": "ours", "who_producer": str(cast["customer"].pk),
        "who_financier": str(cast["financier"].pk),
    }  # fmt: skip
    provider.post(page + "places/", places)
    with company_context(cast["provider"]):
        pass
    provider.post(page + "making/")
    with company_context(cast["provider"]):
        kind = AssetType.objects.get(name="Machine")
        facts = [AssetFacts(kind.pk, "M", "M-1", customer=cast["customer"].pk)]
        register_assets(assets=facts, now=timezone.now())
    provider.post(page + "making/")
    with company_context(cast["provider"]):
        [network] = ValueNetwork.objects.all()
        [plan] = Contract.objects.get().plans.all()
        text = written_blueprint(network)
    for word in ("Customer Foods", "Provider Services", "M-1", "customer.example"):
        assert word not in text
    found = read_blueprint(text)
    assert set(found.places) == {"provider", "customer", "owner"}
    assert found.contracts[0].plan == plan.plan
    assert {cover.channel for cover in found.contracts[0].covers} == {"hours", "energy"}
    assert [(row.company, row.channels) for row in found.contracts[0].data] == [
        ("owner", ["hours"])
    ]
    answer = provider.get(f"/networks/{network.public_id}/blueprint/")
    assert answer.content.decode() == text
    other = client_of(cast["maker"])
    for _twice in range(2):
        other.post("/blueprints/files/", {"file": SimpleUploadedFile("b.yaml", text.encode())})
    with company_context(cast["maker"]):
        [own] = OwnBlueprint.objects.all()
    assert begun(other, own.public_id)
    assert provider.post(f"/blueprints/{own.public_id}/beginning/").status_code == 404
    wrong = other.post("/blueprints/files/", {"file": SimpleUploadedFile("b.yaml", b"format: 2")})
    assert wrong.status_code == 422
    assert "line 1" in wrong.content.decode()


def test_a_blueprint_is_no_scenario(cast: dict[str, Any]) -> None:
    from apps.blueprints.domain.scenario import ScenarioError, parse
    from apps.blueprints.operations import load_scenario

    scenario, lines = parse(shipped_text("empty"))
    with pytest.raises(ScenarioError, match="this is a blueprint"):
        load_scenario(scenario=scenario, lines=lines, now=timezone.now())


def test_files_that_are_no_blueprint_are_refused_with_the_reason(
    cast: dict[str, Any], now: Any
) -> None:
    from django.core.exceptions import ValidationError

    with company_context(cast["provider"]):
        for content, why in (
            (b"\xff\xfe", "UTF-8"), (b"format: 1\n", "no section"), (b"x" * 200_001, "larger"),
            (b"format: 1\nassets: 3\n", "line 2"),
        ):  # fmt: skip
            with pytest.raises(ValidationError, match=why):
                take_in_blueprint(content=content, now=now + timedelta(0), actor="A")
        assert not OwnBlueprint.objects.exists()
