"""From a blueprint to the first invoice, in the portals of everybody who takes part.

Marketplaces end at membership and map. One portal and one signed-in window per company for all walks.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from apps.assets.domain.facts import AssetFacts
from apps.assets.models import AssetType
from apps.assets.operations import register_assets
from apps.common.period import add_months
from apps.telemetry.operations import RawItem, recompute_dirty, sync_channels, take_in
from apps.tenancy.context import company_context
from apps.tenancy.models import Company
from tests.browser.steps import browsing, picture
from tests.browser.test_first_path import PASSWORD, Window, open_the_draft
from tests.conftest import Portal
from tests.serving import Serving, serving

pytestmark = pytest.mark.browser

PEOPLE = ("provider", "customer", "maker", "financier", "workshop")
NAMES = {
    "customer": "Customer Foods GmbH", "maker": "Maker Maschinenbau GmbH",
    "financier": "Financier Leasing AG", "workshop": "Workshop KG",
}  # fmt: skip
# Place → company of the cast; the provider's own place first.
WALKS: dict[str, dict[str, str]] = {
    "cleaning-service": {"provider": "ours", "plant": "customer", "maker": "maker"},
    "services-in-operation": {
        "provider": "ours", "user": "customer", "owner": "financier", "workshop": "workshop",
    },
    "tire-as-a-service": {
        "provider": "ours", "fleet": "customer", "maker": "maker", "workshop": "workshop",
    },
    "equipment-as-a-service": {
        "provider": "ours", "producer": "customer", "financier": "financier", "maker": "maker",
    },
}  # fmt: skip
MARKETS: dict[str, dict[str, str]] = {
    "open-marketplace": {"market": "ours", "seller": "workshop", "buyer": "customer"},
    "closed-marketplace": {"market": "ours", "supplier": "maker", "buyer": "customer"},
}
TITLES = {
    "cleaning-service": "Data-driven cleaning service",
    "services-in-operation": "Value-adding services in operation",
    "tire-as-a-service": "Tire as a service", "equipment-as-a-service": "Equipment as a service",
    "open-marketplace": "Open marketplace", "closed-marketplace": "Closed marketplace",
}  # fmt: skip
# Net of the month's invoice: fees, and what `use` sends times the blueprint's prices.
NET = {
    "cleaning-service": "470.00",  # 350.00 + 100 × 1.20
    "services-in-operation": "1,130.00",  # 480.00 + 100 × 6.50
    "tire-as-a-service": "0.41",  # 100 × 0.0041
    "equipment-as-a-service": "685.00",  # 100 × 6.85
}
CONTRACTS = {
    "cleaning-service": "Cleaning by the wash", "services-in-operation": "Availability by the hour",
    "tire-as-a-service": "Tires by the tire kilometre",
    "equipment-as-a-service": "Machine by the hour",
}  # fmt: skip
CHANNELS = {
    "cleaning-service": ("Dosing unit", "washes"),
    "services-in-operation": ("Equipment", "hours"),
    "tire-as-a-service": ("Truck", "odometer"), "equipment-as-a-service": ("Machine", "hours"),
}  # fmt: skip


@pytest.fixture(scope="module")
def portal(shared_database: str, tmp_path_factory: Any) -> Iterator[Serving]:
    folder: Path = tmp_path_factory.mktemp("walk")
    people = "\n".join(
        f"  - {{email: {slug}@walk.example, name: {slug} direction, company: {slug},"
        f" position: director, language: en, password: {PASSWORD}}}"
        for slug in PEOPLE
    )
    scenario = folder / "people.yaml"
    scenario.write_text(f"format: 1\npeople:\n{people}\n")
    Portal(shared_database).load_scenario(scenario)
    with serving(shared_database, folder / "portal.log") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as chrome:
        yield chrome


@pytest.fixture(scope="module")
def window(portal: Serving, browser: Browser) -> Callable[[str], Window]:
    """`window("maker")` signs a company's director in once."""
    opened: dict[str, Window] = {}

    def of(slug: str) -> Window:
        if slug not in opened:
            opened[slug] = Window(browser, portal, slug)
        return opened[slug]

    return of


def path_of(page: Page) -> str:
    return "/" + page.url.split("/", 3)[3]


def set_up(provider: Window, code: str, places: dict[str, str], first_day: str) -> str:
    """Through the wizard; the address of the setup."""
    page = provider.go("/blueprints/")
    page.get_by_role("button", name=f"Begin with {TITLES[code]}").click()
    for place, company in places.items():
        chosen = {"value": "ours"} if company == "ours" else {"label": NAMES[company]}
        page.locator(f"[name='who_{place}']").select_option(**chosen)  # type: ignore[arg-type]
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("link", name="Go on").click()
    if page.locator("[name='0-starts_on']").count():
        page.locator("[name='0-starts_on']").fill(first_day)
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("button", name="Make the network").click()
    expect(page.locator("main")).to_contain_text("On the way to the first invoice")
    return path_of(page)


def join(window: Window) -> None:
    """Accept every invitation that waits."""
    page = window.go("/networks/")
    while page.get_by_role("button", name="Join").count():
        page.get_by_role("button", name="Join").first.click()
        expect(page.locator("main")).to_contain_text("You have joined")
        page = window.go("/networks/")


def until(window: Window, path: str, text: str) -> Page:
    """The page once it says so; the portals' jobs need a moment."""
    for _ in range(80):
        page = window.go(path)
        if text in page.locator("main").inner_text():
            return page
        page.wait_for_timeout(400)
    raise AssertionError(f"{path} does not say {text}: {page.locator('main').inner_text()}")


def holders_of(places: dict[str, str]) -> dict[str, int]:
    """Whom the passport names, by the places of the blueprint."""
    named = {"maker": "manufacturer", "financier": "owner", "owner": "owner"}
    found = {named[place]: slug for place, slug in places.items() if place in named}
    found |= {"provider": "provider", "customer": "customer"}
    return {holder: Company.objects.get(slug=slug).pk for holder, slug in found.items()}


def register(code: str) -> None:
    """The machine of the blueprint's type; of the tire a truck that carries it."""
    name, _channel = CHANNELS[code]
    holders = holders_of(WALKS[code])
    kind = AssetType.objects.get(name=name)
    assets = [AssetFacts(kind.pk, f"{name} 1", f"S-{code}", **holders)]
    if code == "tire-as-a-service":
        tire = AssetType.objects.get(name="Tire")
        assets.append(AssetFacts(tire.pk, "Tire 1", "T-1", **holders))
    register_assets(assets=assets, now=timezone.now())


def mount(first: datetime) -> None:
    from decimal import Decimal

    from apps.assets.domain.mounting import MountFacts
    from apps.assets.models import Asset
    from apps.assets.operations import mount_component

    tire, truck = Asset.objects.get(serial="T-1"), Asset.objects.get(serial="S-tire-as-a-service")
    mount_component(
        facts=MountFacts(tire.pk, truck.pk, "VL", first, Decimal(1000)), now=timezone.now()
    )


def use(code: str, first: datetime, last: datetime) -> None:
    """100 more on the counter over the month."""
    from apps.assets.models import Asset

    asset = Asset.objects.get(serial=f"S-{code}")
    sync_channels(asset_ids=[asset.pk])
    hours = int((last - first) / timedelta(hours=1))
    step = 100 / 400
    items = [
        RawItem(
            number, f"S-{code}", CHANNELS[code][1], (first + timedelta(hours=number)).isoformat(),
            f"{1000 + min(100, step * number):.2f}",
        )
        for number in range(hours + 1)
    ]  # fmt: skip
    still = {"equipment-as-a-service": ("energy", "500"), "cleaning-service": ("detergent", "0")}
    if code in still:
        channel, value = still[code]
        items += [
            RawItem(9000 + number, f"S-{code}", channel, stamp.isoformat(), value)
            for number, stamp in enumerate((first, last))
        ]
    outcomes = take_in(items=items, source="walk", now=timezone.now())
    assert {out.status for out in outcomes} == {"accepted"}
    recompute_dirty(now=timezone.now())


def countersign(provider: Window, customer: Window, setup: str) -> str:
    """Offered by the provider, signed by the customer; the contract's address."""
    page = provider.go(setup)
    page.get_by_role("button", name="Add what is missing").click()
    page.get_by_role("link", name="Sign and offer").click()
    page.get_by_role("button", name="Sign and offer").click()
    expect(page.locator("main")).to_contain_text("Offered")
    path = path_of(page)
    customer.go(path).get_by_role("button", name="Sign").click()
    until(customer, path, "Active")
    return path


def agree_shares(provider: Window, partners: list[Window], contract: str) -> None:
    page = provider.go(f"{contract}split/")
    page.get_by_role("button", name="Offer to the partners").click()
    for partner in partners:
        page = partner.go("/terms/")
        page.locator("main table tbody a").first.click()
        page.get_by_role("button", name="Sign").click()
    until(provider, f"{contract}split/", "Agreed")


def bill(provider: Window, month: str) -> Page:
    page = provider.go("/billing/runs/new/")
    page.locator("[name=month]").fill(month)
    page.locator("[name=dry]").uncheck()
    page.get_by_role("button", name="Start", exact=True).click()
    page = open_the_draft(provider)
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Issue").click()
    page.locator("#confirm [data-confirm-yes], #confirm button.btn-primary").first.click()
    expect(page.get_by_role("heading", name="Invoice RE-").first).to_be_visible()
    return page


def look_home(window: Window, code: str, titles: dict[str, str], result: str) -> None:
    """The home shows what came of it, in both languages; English again at the end."""
    for language, switch in (("en", "Deutsch"), ("de", "English")):
        main = window.go("/").locator("main")
        expect(main).to_contain_text(titles[language])
        expect(main).to_contain_text(result)
        picture(window.page, f"{code} {window.company} {language}")
        window.page.get_by_role("button", name=switch).click()
        expect(window.page.get_by_role("button", name=switch)).to_have_count(0)


def last_month() -> tuple[datetime, datetime]:
    """Midnight in Berlin at its first day and at its end."""
    first = add_months(timezone.localdate().replace(day=1), -1)
    return midnight(first), midnight(add_months(first, 1))


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


@pytest.mark.long
@pytest.mark.parametrize("code", list(WALKS))
def test_a_newcomer_gets_from_a_blueprint_to_the_first_invoice(
    portal: Serving, window: Callable[[str], Window], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Playwright's loop runs in this thread, and nothing of it waits while machines are registered.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    places, (first, after) = WALKS[code], last_month()
    month = (first + timedelta(days=2)).strftime("%Y-%m")
    provider, customer = window("provider"), window("customer")
    setup = set_up(provider, code, places, f"{month}-01")
    partners = [window(slug) for slug in places.values() if slug not in ("ours", "customer")]
    for member in [customer, *partners]:
        join(member)
    until(provider, setup, "All have answered")
    with company_context(Company.objects.get(slug="provider")):
        register(code)
        if code == "tire-as-a-service":
            mount(first)
        use(code, first, after)
    contract = countersign(provider, customer, setup)
    agree_shares(provider, partners, contract)
    page = bill(provider, month)
    expect(page.locator("main")).to_contain_text(NET[code])
    expect(customer.go(path_of(page)).locator("main")).to_contain_text("RE-")
    for buyer in (provider, customer):
        look_home(buyer, code, {"en": "Latest invoices", "de": "Neueste Rechnungen"}, "RE-")
    for partner in partners:
        until(partner, "/shares/", CONTRACTS[code])
        look_home(partner, code, {"en": "What we get", "de": "Was wir erhalten"}, CONTRACTS[code])
    for walker in [provider, customer, *partners]:
        assert walker.complaints == []


@pytest.mark.long
@pytest.mark.parametrize("code", list(MARKETS))
def test_a_marketplace_ends_at_membership_and_map(
    portal: Serving, window: Callable[[str], Window], code: str
) -> None:
    provider = window("provider")
    page = provider.go("/blueprints/")
    page.get_by_role("button", name=f"Begin with {TITLES[code]}").click()
    for place, company in MARKETS[code].items():
        chosen = {"value": "ours"} if company == "ours" else {"label": NAMES[company]}
        page.locator(f"[name='who_{place}']").select_option(**chosen)  # type: ignore[arg-type]
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("button", name="Make the network").click()
    expect(page.locator("main")).to_contain_text("On the way to the first invoice")
    setup = path_of(page)
    for slug in MARKETS[code].values():
        if slug != "ours":
            join(window(slug))
    page = until(provider, setup, "All have answered")
    page.get_by_role("link", name="The partners join in their own portals").click()
    expect(page.locator("svg .company")).to_have_count(3)
    page = window("customer").go(path_of(page))
    expect(page.locator("svg .company")).to_have_count(3 if code == "open-marketplace" else 2)
