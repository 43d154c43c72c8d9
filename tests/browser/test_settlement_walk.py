"""From an issued invoice to everybody's money and back, in the browsers of the five who share it.

Issued, its PDF opened, paid at the stand-in for Stripe, seen in each portal, paid out by two people,
the bank's file checked against its schema; then a reading comes late, and everybody sees the same cents.
The companies and their sums are those of the signature story.
"""

import io
import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdfium2
import pytest
import sepaxml
from django.utils import timezone
from lxml import etree
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader
from schwifty import IBAN

from apps.assets.models import Asset
from apps.payments.operations import open_account
from apps.settlement.models import SelfBillingAgreement
from apps.settlement.operations import AgreementFacts, answer_agreement, offer_agreement
from apps.telemetry.operations import RawItem, recompute_dirty, register_device, take_in
from apps.tenancy.context import as_platform, company_context, no_company
from apps.tenancy.models import Company
from portal.local.stripe.server import Fake
from tests.browser.steps import picture
from tests.browser.test_checkout import stripe_fake
from tests.browser.test_first_path import Window, open_the_draft
from tests.conftest import Portal
from tests.integration.payments import camt
from tests.integration.payments.signing import SECRET
from tests.integration.payments.test_payouts import connected
from tests.scenarios import tire_story as story
from tests.scenarios.tire_story import (
    CUSTOMER,
    FINANCIER,
    MAKER,
    OTHER_MAKER,
    PARTNERS,
    PLATFORM,
    PROVIDER,
    WORKSHOP,
)
from tests.serving import Serving, serving

__all__ = ["stripe_fake"]
pytestmark = [pytest.mark.browser, pytest.mark.long]

# The portal's own clock runs, so the month is the one before this.
MONTH = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).date().replace(day=1)
GERMAN = {MAKER: "de", WORKSHOP: "de", CUSTOMER: "de"}
LONG_AGO = timedelta(days=30)
COMPANIES = {
    PROVIDER: "Rollwerk Reifenservice GmbH", MAKER: "Kautschuk Werke AG",
    OTHER_MAKER: "Nordreif Reifenwerke GmbH", FINANCIER: "Hansa Lease AG",
    WORKSHOP: "Autohof Werkstatt KG", PLATFORM: "Gridline Plattform GmbH",
}  # fmt: skip
# Gross under a self-billing agreement; the workshop writes its own invoices and is paid net.
PAYABLE = {MAKER: "156.14", OTHER_MAKER: "39.03", FINANCIER: "309.84", WORKSHOP: "101.70",
           PLATFORM: "14.39"}  # fmt: skip
# What the late reading leaves: to be given back, not payable yet, payable; and what is paid out.
CORRECTED = {
    MAKER: ("11.71", "156.14"), OTHER_MAKER: ("39.03",), FINANCIER: ("14.53", "8.70", "309.84"),
    WORKSHOP: ("7.29", "101.70"), PLATFORM: ("0.68", "0.40", "14.39"),
}  # fmt: skip


@pytest.fixture
def tablet(fresh_database: Portal, cast: dict[str, Any], tmp_path: Path) -> tuple[str, str]:
    """The world before the walk; what the tablet signs with, and the truck it speaks of."""
    scenario = tmp_path / "story.yaml"
    scenario.write_text(story.text(MONTH, language=GERMAN, is_moved=True))
    fresh_database.load_scenario(scenario)
    with no_company(), as_platform():
        companies = {row.slug: row for row in Company.objects.all()}
    for number, slug in enumerate((PROVIDER, *PARTNERS)):
        open_bank_account(companies[slug], number)
    for slug in PARTNERS:
        if slug != WORKSHOP:
            agree_on_self_billing(companies[PROVIDER], companies[slug])
    with company_context(companies[PROVIDER]):
        return hear_the_month()


def open_bank_account(company: Company, number: int) -> None:
    made = IBAN.generate("DE", bank_code="37040044", account_code=f"{number:010}")
    iban = camt.IBAN if company.slug == PROVIDER else str(made)
    with company_context(company):
        open_account(
            holder_name=company.name, iban=iban, creditor_id="", now=timezone.now() - LONG_AGO,
            actor="test",
        )  # fmt: skip


def agree_on_self_billing(provider: Company, partner: Company) -> None:
    facts = AgreementFacts(
        MONTH, None, tax_status=SelfBillingAgreement.TaxStatus.STANDARD, tax_proof="Certificate 12",
        tax_proof_on=MONTH, objection_days=14,
    )  # fmt: skip
    with company_context(provider):
        offered = offer_agreement(partner=partner, facts=facts, now=timezone.now(), actor="test")
    with company_context(partner):
        answer_agreement(
            agreement_id=offered.pk, accepted=True, now=timezone.now(), actor="test"
        )  # fmt: skip


def hear_the_month() -> tuple[str, str]:
    truck = Asset.objects.get(serial="LKW-1")
    items = [
        RawItem(number, serial, "odometer", at.isoformat(), value)
        for number, (serial, at, value) in enumerate(story.readings(MONTH))
    ]
    take_in(items=items, source="test", now=timezone.now())
    recompute_dirty(now=timezone.now())
    _device, secret = register_device(asset=truck, name="tablet", now=timezone.now(), by="test")
    return secret, truck.public_id


@pytest.fixture
def portal(
    tablet: tuple[str, str],
    fresh_database: Portal,
    stripe_fake: Fake,
    settings: Any,
    tmp_path: Path,
) -> Iterator[Serving]:
    with no_company(), as_platform():
        provider = Company.objects.get(slug=PROVIDER)
    with serving(fresh_database.database, tmp_path / "portal.log") as running:
        settings.PERUSE_PORT = str(running.port)
        stripe_fake.delivery.endpoints.append((running.address(path="/webhooks/stripe/"), SECRET))
        connected(provider, stripe_fake, timezone.now())
        yield running


def until(window: Window, path: str, text: str) -> Page:
    """The page once the workers are through; it is loaded again until it says so."""
    for _ in range(60):
        page = window.go(path)
        if text in page.locator("main").inner_text():
            return page
        page.wait_for_timeout(500)
    raise AssertionError(f"{text!r} never came: {page.locator('main').inner_text()}")


def confirm(page: Page) -> None:
    page.locator("#confirm [data-confirm-yes], #confirm button.btn-primary").first.click()


def issue(provider: Window) -> str:
    """The open draft, approved and issued; its public id."""
    page = provider.page
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Issue").click()
    confirm(page)
    expect(page.get_by_role("link", name="Verify")).to_be_visible()
    return page.url.split("/invoices/")[1].strip("/")


def bill_the_month(provider: Window) -> str:
    page = provider.go("/billing/runs/new/")
    page.locator("[name=month]").fill(f"{MONTH:%Y-%m}")
    page.locator("[name=dry]").uncheck()
    page.get_by_role("button", name="Start", exact=True).click()
    picture(open_the_draft(provider), "01 draft")
    invoice = issue(provider)
    for words in ("596.40", "149.10", "219.10", "964.60", "1,147.87"):
        expect(provider.page.locator("main")).to_contain_text(words)
    return invoice


def open_the_pdf(provider: Window, invoice: str) -> None:
    """Its first page is on the invoice's page; the file says the same, and carries its XML."""
    page = until(provider, f"/invoices/{invoice}/", "PDF with embedded XML")
    image = page.locator("img[src*='/picture/']")
    image.scroll_into_view_if_needed()
    page.wait_for_function(
        "image => image.complete && image.naturalWidth > 600", arg=image.element_handle()
    )
    picture(page, "02 invoice")
    with page.expect_download() as found:
        page.locator("a[href$='/files/pdf/']").click()
    content = Path(found.value.path()).read_bytes()
    first = pypdfium2.PdfDocument(content)[0]
    picture(first.render(scale=1.4).to_pil(), "03 invoice as PDF")
    words = first.get_textpage().get_text_range()
    for figure in ("Reifenkilometer", "12.000", "596,40", "964,60", "183,27", "1.147,87"):
        assert figure in words, words
    (xml,) = PdfReader(io.BytesIO(content)).attachments["factur-x.xml"]
    assert b"<ram:GrandTotalAmount>1147.87</ram:GrandTotalAmount>" in xml


def pay_online(customer: Window, invoice: str) -> None:
    page = until(customer, f"/invoices/{invoice}/", "1.147,87")
    page.get_by_role("button", name="Jetzt bezahlen").click()
    page.get_by_role("link", name="Zur Zahlungsseite").click()
    expect(page.get_by_text("1.147,87 EUR")).to_be_visible()
    page.get_by_label("Kartennummer").fill("4242 4242 4242 4242")
    picture(page, "04 Checkout")
    page.get_by_role("button", name="Bezahlen").click()
    expect(page.get_by_text("Die Zahlung ist vermerkt")).to_be_visible(timeout=30_000)
    picture(page, "05 paid")
    page = customer.go(f"/invoices/{invoice}/")
    expect(page.locator("main")).to_contain_text("0,00 EUR")
    picture(page, "06 invoice paid")
    # The page of the stand-in has no icon.
    assert len(customer.complaints) <= 1
    customer.complaints.clear()


def issue_statements(provider: Window, name: str, figure: str) -> None:
    """Once what waits is as much as that."""
    page = until(provider, "/statements/new/", figure)
    picture(page, f"{name} statements to issue")
    page.get_by_role("button", name="Issue statements").click()
    confirm(page)


def spoken(window: Window, figure: str) -> str:
    """The figure as the company's person reads it."""
    if window.company not in GERMAN:
        return figure
    return figure.replace(",", " ").replace(".", ",").replace(" ", ".")


def see_money(windows: dict[str, Window], standing: dict[str, tuple[str, ...]], name: str) -> None:
    """Each company reads its figures in its own portal, and the provider the same ones in its own."""
    for slug, figures in standing.items():
        for window in (windows[slug], windows[PROVIDER]):
            page = until(window, "/money/", spoken(window, figures[0]))
            row = page.locator(
                "main tr", has_text=COMPANIES[slug if window.company == PROVIDER else PROVIDER]
            )
            for figure in figures:
                expect(row).to_contain_text(spoken(window, figure))
        picture(windows[slug].go("/money/"), f"{name} money {slug}")
    picture(windows[PROVIDER].go("/money/"), f"{name} money provider")


def pay_out(finance: Window, director: Window) -> list[tuple[str, str]]:
    """Drafted and approved by two people; (end-to-end id, amount) of the file for the bank."""
    page = finance.go("/money/")
    page.get_by_role("link", name="Draft payouts").click()
    picture(page, "11 payouts to draft")
    page.get_by_role("button", name="Draft payouts of").click()
    expect(page.locator("main")).to_contain_text("You drafted this batch")
    picture(page, "12 batch drafted")
    page = director.go(urlsplit(page.url).path)
    picture(page, "13 second look")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Make the bank file").click()
    with page.expect_download() as found:
        page.get_by_role("link", name="Bank file (pain.001)").click()
    picture(page, "14 batch sent")
    return transfers(Path(found.value.path()).read_bytes())


def transfers(content: bytes) -> list[tuple[str, str]]:
    """Of a file that is valid against its schema."""
    schemas = Path(sepaxml.__file__).parent / "schemas"
    file = etree.fromstring(content)
    etree.XMLSchema(etree.parse(schemas / "pain.001.001.09.xsd")).assertValid(file)
    names = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    return [
        (
            one.findtext(".//p:EndToEndId", namespaces=names),
            one.findtext(".//p:InstdAmt", namespaces=names),
        )
        for one in file.iterfind(".//p:CdtTrfTxInf", names)
    ]


def bring_in_the_statement(finance: Window, sent: list[tuple[str, str]], folder: Path) -> None:
    """The bank booked what was sent."""
    bookings = [camt.booking(f"-{amount}", identity=key, ref=key) for key, amount in sent]
    file = folder / "statement.xml"
    file.write_bytes(camt.statement(*bookings))
    page = finance.go("/bank-entries/")
    page.locator("input[type=file]").set_input_files(file)
    page.locator("form:has(input[type=file]) button").click()
    expect(page.locator("body")).to_contain_text("5 new entries, 5 assigned")
    picture(page, "15 bank entries")


def send_late(portal: Serving, tablet: tuple[str, str]) -> None:
    secret, truck = tablet
    _serial, at, value = story.late_reading(MONTH)
    request = urllib.request.Request(
        f"http://127.0.0.1:{portal.port}/api/v1/events",
        json.dumps(story.event(truck, at, value)).encode(),
        {"Host": f"{PROVIDER}.peruse.localhost:{portal.port}", "Authorization": f"Bearer {secret}",
         "Content-Type": "application/cloudevents+json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert b'"accepted":1' in answer.read()


def issue_corrections(provider: Window) -> list[str]:
    """The credit note and the additional invoice that the workers drafted; their public ids."""
    page = until(provider, "/invoices/?state=draft", "2 entries")
    paths = {
        urlsplit(link.get_attribute("href") or "").path
        for link in page.locator("main table a[href*='/invoices/inv_']").all()
    }
    first, second = sorted(paths)
    provider.go(first)
    issue(provider)
    picture(provider.page, "17 correction")
    # They come together: issuing one has issued the other.
    expect(provider.go(second).get_by_role("link", name="Verify")).to_be_visible()
    return [path.split("/")[2] for path in (first, second)]


def test_an_invoice_becomes_everybodys_money_and_a_late_reading_moves_it_back(
    portal: Serving, browser: Browser, tablet: tuple[str, str], tmp_path: Path
) -> None:
    def enter(company: str, person: str = "") -> Window:
        return Window(browser, portal, company, person, story.PASSWORD)

    windows = {slug: enter(slug) for slug in (PROVIDER, CUSTOMER, *PARTNERS)}
    provider, customer = windows[PROVIDER], windows[CUSTOMER]
    invoice = bill_the_month(provider)
    open_the_pdf(provider, invoice)
    pay_online(customer, invoice)
    issue_statements(provider, "07", PAYABLE[FINANCIER])
    see_money(windows, {slug: (gross,) for slug, gross in PAYABLE.items()}, "10")
    for slug in PARTNERS:
        picture(windows[slug].go("/shares/"), f"10 shares {slug}")
        picture(windows[slug].go("/statements/"), f"10 statements {slug}")
    finance = enter(PROVIDER, f"{PROVIDER}.finance")
    sent = pay_out(finance, provider)
    assert sorted(amount for _key, amount in sent) == sorted(PAYABLE.values())
    bring_in_the_statement(finance, sent, tmp_path)

    send_late(portal, tablet)
    picture(until(provider, "/billing/corrections/", "Tires"), "16 corrections")
    documents = issue_corrections(provider)
    shown = "".join(
        customer.go(f"/invoices/{key}/").locator("main").inner_text() for key in documents
    )
    for figure in ("44,73", "53,23", "28,17", "33,52"):
        assert figure in shown, shown
    picture(customer.page, "18 correction customer")
    issue_statements(provider, "19", CORRECTED[FINANCIER][0])
    see_money(windows, CORRECTED, "20")
    for slug in PARTNERS:
        picture(windows[slug].go("/shares/"), f"21 shares {slug}")
        picture(windows[slug].go("/statements/"), f"21 statements {slug}")
    assert [window.complaints for window in (*windows.values(), finance)] == [[]] * 8
