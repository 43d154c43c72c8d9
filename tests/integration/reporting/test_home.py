"""The home page of each kind of company, and the search."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.assets.models import Asset, AssetType, TypeChannel
from apps.billing.models import Invoice
from apps.common.canonical import digest
from apps.contracts.models import Contract, PlanVersion
from apps.metering.models import ProvisionalUsage
from apps.telemetry.models import RefusedItem
from apps.tenancy.context import company_context
from tests.integration.billing.scene import make_contract

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
PLAN = {
    "schema": 1, "name": "Use", "currency": "EUR",
    "charges": [
        {"code": "base", "model": "flat_fee", "title": {"en": "Base", "de": "Grundpreis"}, "amount": "100"},
        {
            "code": "energy", "model": "graduated", "title": {"en": "Energy", "de": "Energie"}, "meter": "energy",
            "unit": "kW.h", "pooling": "pooled",
            "tiers": [{"up_to": "50", "unit_price": "1"}, {"up_to": None, "unit_price": "0.5"}],
        },
    ],
}  # fmt: skip


@pytest.fixture
def world(cast: dict[str, Any]) -> dict[str, Any]:
    """The provider collects two assets; one runs under a contract with the customer."""
    provider, customer = cast["provider"], cast["customer"]
    both = [provider.pk, customer.pk]
    with company_context(provider):
        kind = AssetType.objects.create(author=provider, parties=both, name="Press", made_at=NOW)
        TypeChannel.objects.create(
            author=provider, parties=both, asset_type=kind, code="energy", title="Energy",
            kind="counter", unit="kW.h", expected_interval_seconds=600,
        )  # fmt: skip
        heard = Asset.objects.create(
            author=provider, parties=both, asset_type=kind, type_name="Press", name="Press 1",
            serial="P1", provider=provider, customer=customer, made_at=NOW,
            last_reading_at=NOW - timedelta(minutes=5),
        )  # fmt: skip
        silent = Asset.objects.create(
            author=provider, parties=[provider.pk], asset_type=kind, type_name="Press",
            name="Press 2", serial="P2", made_at=NOW, last_reading_at=NOW - timedelta(hours=1),
        )  # fmt: skip
        contract = contract_of(provider, customer, heard)
        RefusedItem.objects.create(
            received_at=NOW, source="api", position=0, outcome="refused", reason="bad_time",
            raw_sha256="0",
        )  # fmt: skip
        for state in ("draft", "approved"):
            Invoice.objects.create(
                author=provider, parties=[provider.pk], contract=contract, customer=customer,
                state=state, currency="EUR", period_start=NOW - timedelta(days=62),
                period_end=NOW - timedelta(days=31), time_zone="Europe/Berlin", net_minor=100,
                tax_minor=19, gross_minor=119, facts={}, drafted_at=NOW,
            )  # fmt: skip
    return {**cast, "contract": contract, "heard": heard, "silent": silent}


def contract_of(provider: Any, customer: Any, asset: Asset) -> Contract:
    both = [provider.pk, customer.pk]
    contract = Contract.objects.create(
        author=provider, parties=both, customer=customer, provider_name=provider.name,
        customer_name=customer.name, title="Pressing by use", state="active",
        starts_on=date(2026, 1, 1), time_zone="Europe/Berlin", currency="EUR", tax_category="S",
        drafted_at=NOW, offered_at=NOW, activated_at=NOW,
    )  # fmt: skip
    PlanVersion.objects.create(
        author=provider, parties=both, contract=contract, number=1, valid_from=date(2026, 1, 1),
        plan=PLAN, plan_sha256=digest(PLAN), made_at=NOW,
    )  # fmt: skip
    ProvisionalUsage.objects.create(
        author=provider, parties=both, contract_id=contract.id, item_id=asset.id,
        asset_id=asset.id, asset_label=asset.name, meter="energy", unit="kW.h",
        period_start=datetime(2026, 10, 31, 23, tzinfo=UTC),
        period_end=datetime(2026, 11, 30, 23, tzinfo=UTC), quantity=Decimal("90"),
        daily=[
            {"day": "2026-11-01", "quantity": "40"}, {"day": "2026-11-02", "quantity": "30"},
            {"day": "2026-11-03", "quantity": "20"},
        ],
        last_reading_at=NOW, as_of=NOW,
    )  # fmt: skip
    return contract


@pytest.fixture
def _at_now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


pytestmark = pytest.mark.usefixtures("_at_now")


def test_the_provider_sees_what_needs_it(
    world: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    html = client_of(world["provider"]).get("/").content.decode()
    for text in (
        "refused item", "silent asset", "invoice draft to approve", "approved invoice to issue",
        "Press 1", "Press 2",
    ):  # fmt: skip
        assert text in html, text
    assert "offer to sign" not in html


def test_finance_is_not_shown_what_it_may_not_do(
    world: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    html = client_of(world["provider"], "viewer").get("/").content.decode()
    assert "invoice draft to approve" not in html


def test_the_customer_sees_its_side_alone(
    world: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    client = client_of(world["customer"])
    html = client.get("/").content.decode()
    assert "Press 1" in html
    assert "Press 2" not in html
    assert "refused item" not in html
    tile = client.get("/home/running-cost/").content.decode()
    # 100.00 fee + 50 × 1 + 40 × 0.5
    assert "170,00" in tile or "170.00" in tile
    assert "What it costs you so far" in tile


def test_whose_contracts_are_single_jobs_is_shown_no_running_cost(
    world: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    maker, customer = world["maker"], world["customer"]
    make_contract(maker, customer, [], starts_on="2026-11-02", ends_on=date(2026, 11, 3), is_one_off=True)  # fmt: skip
    running = "/home/running-cost/"
    shown = [running in client_of(one).get("/").content.decode() for one in (maker, customer)]
    assert shown == [False, True]


def test_each_days_cost_follows_the_tiers(
    world: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    address = "/home/running-cost/chart/?side=provider&currency=EUR"
    figure = client_of(world["provider"]).get(address).json()
    assert figure["data"][0]["x"] == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert figure["data"][0]["y"] == [40.0, 20.0, 10.0]
    assert figure["layout"]["template"] is None


def test_the_stranger_sees_first_steps_and_nothing_else(
    world: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    client = client_of(world["stranger"])
    html = client.get("/").content.decode()
    assert "First steps" in html
    assert "Press" not in html
    assert "No running cost yet" in client.get("/home/running-cost/").content.decode()
    found = client.get("/search/?q=Press").content.decode()
    assert "Press 1" not in found
    assert "Pressing" not in found


def test_home_takes_few_queries(world: dict[str, Any], client_of: Callable[..., Client]) -> None:
    client = client_of(world["provider"])
    client.get("/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/")
    asked = [query["sql"].strip().upper() for query in queries]
    assert sum(sql.startswith("SELECT") for sql in asked) == 11


def test_home_counts_no_further_than_it_says(
    world: dict[str, Any], client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("apps.reporting.queries.home", "apps.common.templatetags.portal"):
        monkeypatch.setattr(f"{module}.COUNTED", 1)
    html = client_of(world["provider"]).get("/").content.decode()
    assert "All assets" in html
    assert "All 2 assets" not in html
    with company_context(world["provider"]):
        Asset.objects.update(last_reading_at=NOW - timedelta(days=1))
    html = client_of(world["provider"]).get("/").content.decode()
    assert '1+</span><span class="need-text">silent assets' in html


@pytest.mark.parametrize("text", ["press", "P1", "by use"])
def test_search_finds_by_name_and_serial(
    world: dict[str, Any], client_of: Callable[..., Client], text: str
) -> None:
    html = client_of(world["provider"]).get("/search/", {"q": text}).content.decode()
    assert "Press" in html.split("<main", 1)[1]


def test_search_finds_a_pasted_id(world: dict[str, Any], client_of: Callable[..., Client]) -> None:
    part = client_of(world["provider"]).get(
        "/search/", {"q": world["contract"].public_id}, headers={"HX-Request": "true"}
    )
    assert "Pressing by use" in part.content.decode()
    assert "<html" not in part.content.decode()


@pytest.mark.parametrize("text", ["\0", "%", "_", "<script>alert(1)</script>", "x" * 5000, "'"])
def test_odd_searches_are_no_fault(
    world: dict[str, Any], client_of: Callable[..., Client], text: str
) -> None:
    answer = client_of(world["provider"]).get("/search/", {"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_roles_follow_from_passports_and_networks_and_can_be_switched(
    world: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    maker, financier = world["maker"], world["financier"]
    with company_context(world["provider"]):
        Asset.objects.filter(pk=world["heard"].pk).update(
            manufacturer=maker, owner=financier, in_service_on=date(2024, 11, 3),
            parties=sorted(world[name].pk for name in ("provider", "customer", "maker", "financier")),
        )  # fmt: skip
    home = client_of(maker).get("/").content.decode()
    assert "/home/fleet/" in home
    assert "/home/book/" not in home
    fleet = client_of(maker).get("/home/fleet/").content.decode()
    assert "Press" in fleet
    assert "2 years" in fleet
    book = client_of(financier).get("/home/book/").content.decode()
    assert "Press 1" in book
    assert "Customer Foods GmbH" in book
    stranger = client_of(world["stranger"])
    for part in ("fleet", "book", "shares", "networks"):
        assert "Press" not in stranger.get(f"/home/{part}/").content.decode()
    assert "All roles" not in home
    provider = client_of(world["provider"])
    with company_context(world["provider"]):
        Asset.objects.filter(pk=world["silent"].pk).update(manufacturer=world["provider"])
    assert "All roles" in provider.get("/").content.decode()
    alone = provider.get("/?role=manufacturer").content.decode()
    assert "/home/fleet/" in alone
    assert "/home/running-cost/" not in alone
    assert provider.get("/?role=king").status_code == 200


def test_a_partner_is_told_what_waits_for_it(
    world: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    from apps.networks.operations import found_network, invite_company

    with company_context(world["provider"]):
        network = found_network(
            name="N", purpose="", members_meet=False, roles=["provider"], now=NOW, actor="A"
        )
        invite_company(
            network=network, company=world["workshop"], role="maintenance", now=NOW, actor="A"
        )
    home = client_of(world["workshop"]).get("/").content.decode()
    assert "invitation to a network" in home
    assert "/networks/" in home


PARTS = ("served", "dealings", "data", "platform")


def test_a_partners_home_has_the_parts_of_its_role(
    world: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    from apps.networks.models import Participation, ValueNetwork

    both = sorted(world[name].pk for name in ("provider", "workshop", "financier"))
    with company_context(world["provider"]):
        network = ValueNetwork.objects.create(
            author=world["provider"], parties=both, name="N", founder_name="P", founded_at=NOW
        )
        for name, role in (("workshop", "maintenance"), ("financier", "platform")):
            Participation.objects.create(
                author=world["provider"], parties=both, network=network, company=world[name],
                company_name=name, role=role, state="active", invited_at=NOW, joined_at=NOW,
            )  # fmt: skip
    workshop = client_of(world["workshop"])
    html = workshop.get("/").content.decode()
    assert "/home/served/" in html
    assert "/home/dealings/" in html
    assert "/home/platform/" not in html
    platform = client_of(world["financier"])
    html = platform.get("/").content.decode()
    assert "/home/platform/" in html
    assert "/home/data/" in html
    runs = platform.get("/home/platform/").content.decode()
    assert f"/networks/{network.public_id}/" in runs
    stranger = client_of(world["stranger"])
    for part in PARTS:
        answer = stranger.get(f"/home/{part}/")
        assert answer.status_code == 200
        assert network.public_id not in answer.content.decode()


def test_parts_of_a_partners_home_take_few_queries(
    world: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    client = client_of(world["workshop"])
    client.get("/")
    for part in PARTS:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/home/{part}/")
        asked = [query["sql"].strip().upper() for query in queries]
        assert sum(sql.startswith("SELECT") for sql in asked) <= 8, part


def test_the_first_step_is_ticked_once_somebody_was_asked_in(
    world: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    client = client_of(world["stranger"])
    assert 'href="/people/invitations/new/"' in client.get("/").content.decode()
    client.post("/people/invitations/new/", {"email": "b@new.example", "position": "viewer"})
    steps = client.get("/").content.decode().split("first-steps")[1]
    assert "Invite a colleague</" not in steps.split("step-done")[0]
    assert "step-done" in steps
