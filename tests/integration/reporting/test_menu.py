"""What a company is follows from its rows, and its menu follows from what it is."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from apps.assets.models import Asset, AssetType
from apps.common.sides import BEGINNING, COLLECTS, PROVIDES, RUNS, SHARES, USES, sides_of
from apps.contracts.models import Contract
from apps.networks.operations import answer_invitation, found_network, invite_company
from apps.tenancy.context import as_app, company_context
from apps.tenancy.middleware import forget_hosts
from apps.tenancy.models import Company

NOW = datetime(2026, 11, 3, 9, tzinfo=timezone.get_default_timezone())


def sides(slug: str) -> set[str]:
    noted: list[str] = Company.objects.get(slug=slug).sides
    assert len(noted) == len(set(noted))
    return set(noted)


def register(cast: dict[str, Any], **holders: Any) -> Asset:
    """Registered by the provider."""
    with company_context(cast["provider"]):
        kind = AssetType.objects.create(
            author=cast["provider"], parties=[cast["provider"].pk], name="Press", made_at=NOW
        )
        asset: Asset = Asset.objects.create(
            author=cast["provider"], parties=sorted(company.pk for company in cast.values()),
            asset_type=kind, type_name="Press", name="Press 1", serial="1", made_at=NOW, **holders,
        )  # fmt: skip
    return asset


def draft(cast: dict[str, Any]) -> Contract:
    provider, customer = cast["provider"], cast["customer"]
    with company_context(provider):
        contract: Contract = Contract.objects.create(
            author=provider, parties=[provider.pk], customer=customer, provider_name=provider.name,
            customer_name=customer.name, title="Pressing", state="draft", starts_on=date(2026, 1, 1),
            time_zone="Europe/Berlin", currency="EUR", tax_category="S", drafted_at=NOW,
        )  # fmt: skip
    return contract


def menu(client: Client, path: str = "/") -> str:
    """The menu of a page, read as the company is now."""
    forget_hosts()
    html = client.get(path).content.decode()
    found = re.search(r'<nav class="collapse navbar-collapse" id="menu".*?</nav>', html, re.DOTALL)
    assert found is not None
    return found.group(0)


def test_a_new_company_is_nothing_and_is_shown_what_a_provider_begins_with(
    cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    assert sides("stranger") == set()
    assert sides_of([]) == BEGINNING
    shown = menu(client_of(cast["stranger"]))
    for path in ("/contracts/", "/asset-types/", "/billing/runs/", "/networks/", "/pages/"):
        assert f'href="{path}"' in shown, path


def test_a_passport_makes_its_holders_what_they_are(cast: dict[str, Any]) -> None:
    register(
        cast, provider=cast["provider"], owner=cast["provider"], manufacturer=cast["maker"],
        customer=cast["customer"],
    )  # fmt: skip
    assert sides("provider") == {PROVIDES, COLLECTS}
    assert sides("maker") == {SHARES}
    assert sides("customer") == {USES}
    assert sides("financier") == set()


def test_a_holder_written_later_counts_and_a_reading_changes_nothing(cast: dict[str, Any]) -> None:
    asset = register(cast)
    with company_context(cast["provider"]):
        Asset.objects.filter(pk=asset.pk).update(last_reading_at=NOW)
        assert sides("financier") == set()
        Asset.objects.filter(pk=asset.pk).update(owner=cast["financier"])
    assert sides("financier") == {SHARES}


def test_an_offer_makes_a_customer_and_a_draft_does_not(cast: dict[str, Any]) -> None:
    contract = draft(cast)
    assert sides("provider") == {PROVIDES}
    assert sides("customer") == set()
    with company_context(cast["provider"]):
        both = [cast["provider"].pk, cast["customer"].pk]
        Contract.objects.filter(pk=contract.pk).update(
            state="offered", offered_at=NOW, parties=sorted(both)
        )
    assert sides("customer") == {USES}


def test_a_role_counts_once_the_company_has_joined(cast: dict[str, Any]) -> None:
    from apps.events.operations import run_waiting_jobs
    from apps.networks.models import Participation

    with company_context(cast["provider"]):
        network = found_network(
            name="N", purpose="", members_meet=False, roles=["provider", "platform"], now=NOW,
            actor="A",
        )  # fmt: skip
        row = invite_company(
            network=network, company=cast["workshop"], role="maintenance", now=NOW, actor="A"
        )
    assert sides("provider") == {PROVIDES, RUNS}
    assert sides("workshop") == set()
    with company_context(cast["workshop"]):
        own = Participation.objects.select_related("network").get(pk=row.pk)
        answer_invitation(participation=own, accepts=True, now=NOW, actor="W")
    with company_context(cast["provider"]):
        run_waiting_jobs(now=NOW)
    assert sides("workshop") == {SHARES}


def test_no_company_says_of_itself_what_it_is(cast: dict[str, Any]) -> None:
    for attempt in (
        lambda: Company.objects.filter(slug="stranger").update(sides=[RUNS]),
        lambda: _note(cast["stranger"].pk),
    ):
        with company_context(cast["stranger"]), as_app():
            with pytest.raises(DatabaseError), transaction.atomic():
                attempt()
    assert sides("stranger") == set()


def _note(key: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select public.peruse_note_side(array[%s], 'runs')", [key])


def test_a_customer_is_not_shown_what_a_provider_does(
    cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    register(cast, provider=cast["provider"], customer=cast["customer"])
    client = client_of(cast["customer"])
    shown = menu(client)
    for path in ("/contracts/", "/invoices/", "/assets/", "/pages/"):
        assert f'href="{path}"' in shown, path
    for path in ("/billing/runs/", "/asset-types/", "/shares/", "/settled/"):
        assert f'href="{path}"' not in shown, path
    for page, offered in (
        ("contracts", "/contracts/new/"), ("invoices", "/invoices/issue"), ("assets", "/assets/new/"),
        ("receivables", "reminders/"),
    ):  # fmt: skip
        assert offered not in client.get(f"/{page}/").content.decode(), page


def test_what_the_menu_leaves_out_stays_within_reach(
    cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    register(cast, provider=cast["provider"], customer=cast["customer"])
    client = client_of(cast["customer"])
    everything = client.get("/pages/").content.decode().split("<main", 1)[1]
    for path in ("/billing/runs/", "/asset-types/", "/shares/", "/contracts/new/", "/blueprints/"):
        assert f'href="{path}"' in everything, path
    assert "/billing/runs/" in client.get("/search/", {"q": "runs"}).content.decode()
    there = menu(client, "/billing/runs/")
    assert re.search(r'href="/billing/runs/" aria-current="page"', there)


def test_a_partner_is_not_asked_to_issue_statements(
    cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    register(cast, provider=cast["provider"], manufacturer=cast["maker"])
    forget_hosts()
    maker, provider = client_of(cast["maker"]), client_of(cast["provider"])
    assert "/statements/new/" not in maker.get("/statements/").content.decode()
    assert "/statements/new/" in provider.get("/statements/").content.decode()
    assert "/contracts/" not in re.findall(r'href="([^"]+)"', menu(maker))


def test_a_viewers_pages_are_those_of_the_position(
    cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    everything = client_of(cast["stranger"], "viewer").get("/pages/").content.decode()
    assert "/billing/runs/" not in everything
    assert "/contracts/new/" not in everything
