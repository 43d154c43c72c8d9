"""The signature story through HTTP and jobs: a tire moves, a reading comes late, everybody's cents follow.

Lines in EUR, by hand: 12,000 km × 0.0497 = 596.40, 3,000 km × 0.0497 = 149.10, 7,000 km × 0.0313 =
219.10; after the late reading 11,100 km are 551.67 and 7,900 km 247.27. Of each line 22 % go to the makers
by their tires' kilometres (of a retread 0.0081 a kilometre to the workshop), then 35 % and 2.5 % of what
remains; the workshop has 45.00 a month. So tire A's 596.40 are 104.97 + 26.24 + 162.82 + 7.56 + 294.81.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from schwifty import IBAN

from apps.accounts.models import User
from apps.assets.models import Asset
from apps.billing.invariants import COMPANY_CHECKS, SHARED_CHECKS
from apps.billing.models import Invoice
from apps.blueprints.domain.scenario import parse
from apps.blueprints.operations import load_scenario
from apps.events.models import Job
from apps.events.operations import enqueue_housekeeping, run_waiting_jobs
from apps.payments.models import Payout, PayoutBatch
from apps.settlement.models import Account, SelfBillingAgreement
from apps.telemetry.limits import forget_limits
from apps.tenancy.context import as_app, as_platform, company_context, no_company
from apps.tenancy.models import Company
from tests.conftest import make_person, signed_in
from tests.integration.payments import camt
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

OCTOBER = date(2026, 10, 1)
Cents = dict[str, int]
# Net shares of October: by the terms, and after the late reading.
AT_FIRST = {MAKER: 13_121, OTHER_MAKER: 3_280, FINANCIER: 26_037, WORKSHOP: 10_170,
            PLATFORM: 1_209}  # fmt: skip
AT_LAST = {MAKER: 12_137, OTHER_MAKER: 3_280, FINANCIER: 25_547, WORKSHOP: 10_899,
           PLATFORM: 1_186}  # fmt: skip
# With their tax of 19 %; the workshop is paid net and sends its own invoice.
FIRST_PAID = {MAKER: 15_614, OTHER_MAKER: 3_903, FINANCIER: 30_984, WORKSHOP: 10_170,
              PLATFORM: 1_439}  # fmt: skip
# Self-billed (kind, net, gross) of the correction: what fell and what rose, each on its document.
CORRECTED = {
    MAKER: [("credit", -984, -1_171)],
    OTHER_MAKER: [("credit", -42, -50), ("invoice", 42, 50)],
    FINANCIER: [("credit", -1_221, -1_453), ("invoice", 731, 870)],
    WORKSHOP: [("advice", 729, 729)],
    PLATFORM: [("credit", -57, -68), ("invoice", 34, 40)],
}
# November: 10,000 km of tire A and of tire C each; what is due back comes off.
NOVEMBER_PAID = {MAKER: 13_011 - 1_171, FINANCIER: 25_809 - 583, WORKSHOP: 12_600,
                 PLATFORM: 1_198 - 28}  # fmt: skip
Forms = dict[str, Any]


class Told:
    """The story as its people live it: each act a request on a company's host, the rest jobs."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        with no_company(), as_platform():
            self.companies = {row.slug: row for row in Company.objects.all()}
        self.secrets: dict[str, str] = {}
        with company_context(self.companies[PROVIDER]):
            self.assets = {row.serial: row.public_id for row in Asset.objects.all()}

    def on(self, day: str) -> None:
        """It is four in the afternoon of that day, in Berlin or near it."""
        self.clock.move_to(datetime.fromisoformat(f"{day}T15:00:00+00:00"))

    def page(self, slug: str, path: str) -> str:
        answer = signed_in(self.companies[slug]).get(path)
        assert answer.status_code == 200, (slug, path, answer.status_code)
        return str(answer.content.decode())

    def rows(self, slug: str, path: str) -> list[dict[str, str]]:
        """A list as its CSV has it."""
        text = self.page(slug, path + ("&" if "?" in path else "?") + "export=csv")
        return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))

    def do(
        self, slug: str, path: str, data: Forms | None = None, *, position: str = "director",
        status: int = 302,
    ) -> Any:  # fmt: skip
        """A form sent, and what workers do about it."""
        answer = signed_in(self.companies[slug], position).post(path, data or {})
        assert answer.status_code == status, (path, _complaints(answer.content.decode()))
        self.work()
        return answer

    def work(self) -> None:
        """Every company's jobs, until none waits; bells wait for two seconds at most."""
        for _round in range(8):
            done = 0
            for company in self.companies.values():
                with as_app(), company_context(company):
                    done += run_waiting_jobs(now=timezone.now() + timedelta(seconds=3))
            if not done:
                return
        raise AssertionError("jobs make jobs without end")

    def device(self, serial: str, name: str) -> None:
        """A device of the provider's truck; its key is on the answering page."""
        path = f"/assets/{self.assets[serial]}/devices/new/"
        page = self.do(PROVIDER, path, {"name": name}, status=200).content.decode()
        self.secrets[name] = re.findall(r"prk_[\w-]{43}", page)[0]

    def send(self, device: str, *readings: tuple[str, datetime, str]) -> None:
        host = signed_in(self.companies[PROVIDER]).defaults["HTTP_HOST"]
        events = [story.event(self.assets[serial], at, value) for serial, at, value in readings]
        answer = Client(HTTP_HOST=host).post(
            "/api/v1/events", json.dumps(events), content_type="application/cloudevents-batch+json",
            HTTP_AUTHORIZATION=f"Bearer {self.secrets[device]}",
        )  # fmt: skip
        assert answer.json()["accepted"] == len(readings), answer.content
        with as_app(), company_context(self.companies[PROVIDER]):
            # Each minute's schedule: the bell of two batches within two seconds is one.
            enqueue_housekeeping(now=timezone.now(), companies=[self.companies[PROVIDER]])
        self.work()

    def mount(self, host: str, tire: str, value: str) -> None:
        self.do(PROVIDER, f"/assets/{self.assets[host]}/mountings/new/", {
            "component": tire, "position": "FL", "at": "2026-10-14T12:00:00", "value": value,
        })  # fmt: skip

    def issue(self) -> list[Invoice]:
        """Whatever is drafted, approved by one click and issued by another; the new documents."""
        with company_context(self.companies[PROVIDER]):
            found = list(Invoice.objects.filter(state=Invoice.State.DRAFT).order_by("kind"))
        chosen = {"invoice": [row.public_id for row in found]}
        self.do(PROVIDER, "/invoices/approval/", chosen)
        self.do(PROVIDER, "/invoices/issue/", chosen)
        with company_context(self.companies[PROVIDER]):
            return list(Invoice.objects.filter(pk__in=[row.pk for row in found]).order_by("kind"))

    def book(self, *bookings: str, identity: str) -> None:
        """A bank statement of the provider's account, brought in."""
        content = camt.statement(*bookings, identity=identity)
        file = SimpleUploadedFile("statement.xml", content, "application/xml")
        self.do(PROVIDER, "/bank-statements/", {"file": file})

    def pay_out(self) -> Cents:
        """Drafted by one person, approved by another, sent, booked by the bank."""
        self.do(PROVIDER, "/money/payouts/", position="finance")
        with company_context(self.companies[PROVIDER]):
            batch = PayoutBatch.objects.order_by("-drafted_at")[0]
            payouts = list(Payout.objects.filter(batch=batch).select_related("payee"))
        path = f"/payouts/{batch.public_id}"
        self.do(PROVIDER, f"{path}/approval/", position="finance", status=422)
        self.do(PROVIDER, f"{path}/sending/", position="finance")
        with company_context(self.companies[PROVIDER]):
            assert set(batch.payouts.values_list("state", flat=True)) == {"drafted"}
        self.do(PROVIDER, f"{path}/approval/")
        self.do(PROVIDER, f"{path}/sending/", position="finance")
        self.book(
            *(camt.booking(f"-{in_euros(row.amount_minor)}", identity=row.public_id,
                           ref=row.public_id) for row in payouts),
            identity=batch.public_id,
        )  # fmt: skip
        return {row.payee.slug: row.amount_minor for row in payouts}

    def shares(self, slug: str) -> int:
        """The sum of a partner's shares as its own list has them."""
        return sum(in_cents(row["Share"]) for row in self.rows(slug, "/shares/?side=ours"))

    def statements(self, slug: str) -> list[tuple[str, int, int]]:
        rows = self.rows(slug, "/statements/")
        return [(row["Kind"], in_cents(row["Net"]), in_cents(row["Gross"])) for row in rows]

    def standing(self, slug: str) -> Cents:
        """Where the partner's money stands, in its own books; nothing where it is zero."""
        with company_context(self.companies[slug]):
            rows = Account.objects.filter(partner=self.companies[slug], balance_minor__gt=0)
            due = Account.objects.filter(partner=self.companies[slug], purpose="due_back")
            found = {row.purpose: row.balance_minor for row in [*rows, *due]}
        return {name: minor for name, minor in found.items() if minor}


def in_euros(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def in_cents(text: str) -> int:
    return int(text.replace(".", ""))


def _complaints(page: str) -> list[str]:
    return re.findall(r"(?:invalid-feedback|alert)[^>]*>([^<]+)", page)


@pytest.fixture
def told(db: None, settings: Any, tmp_path: Path) -> Iterator[Told]:
    """The companies with their contract and its split in force since 1 October 2026; it is that day."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.PERUSE_REQUESTS_PER_SECOND = 100_000
    forget_limits()
    with time_machine.travel(datetime(2026, 10, 1, 6, tzinfo=UTC)) as clock:
        scenario, lines = parse(story.text(OCTOBER))
        load_scenario(scenario=scenario, lines=lines, now=timezone.now())
        told = Told(clock)
        prepare(told)
        yield told


def prepare(told: Told) -> None:
    """Devices with keys, bank accounts, and self-billing agreements with all but the workshop."""
    for serial, name in (("LKW-1", "telematics 1"), ("LKW-2", "telematics 2"), ("LKW-1", "tablet")):
        told.device(serial, name)
    for number, slug in enumerate((PROVIDER, *PARTNERS)):
        made = IBAN.generate("DE", bank_code="37040044", account_code=f"{number:010}")
        iban = camt.IBAN if slug == PROVIDER else str(made)
        told.do(slug, "/payment-settings/accounts/", {"holder_name": slug, "iban": iban})
    for slug in PARTNERS:
        if slug != WORKSHOP:
            self_bill(told, slug)
    with no_company(), as_platform():
        person = User.objects.get(pk=make_person(told.companies[PROVIDER]).pk)
        person.set_password(story.PASSWORD)
        person.save()


def self_bill(told: Told, slug: str) -> None:
    told.do(PROVIDER, "/self-billing/new/", {
        "partner": told.companies[slug].pk, "valid_from": "2026-10-01", "tax_status": "standard",
        "tax_proof": "Certificate 12", "tax_proof_on": "2026-09-01", "objection_days": "14",
    })  # fmt: skip
    with company_context(told.companies[slug]):
        agreement = SelfBillingAgreement.objects.get()
    told.do(slug, f"/self-billing/{agreement.public_id}/answer/", {"answer": "accept"})


def drive_october(told: Told) -> None:
    """The tire moves on the 14th; the trucks' units send, but truck one is silent around the move."""
    told.on("2026-10-14")
    told.mount("LKW-2", "TIRE-A", "433000")
    told.mount("LKW-1", "TIRE-C", "")
    told.on("2026-11-01")
    for serial, device in (("LKW-1", "telematics 1"), ("LKW-2", "telematics 2")):
        told.send(device, *(row for row in story.readings(OCTOBER) if row[0] == serial))


def bill(told: Told, month: str) -> Invoice:
    told.do(PROVIDER, "/billing/runs/new/", {"month": month})
    (invoice,) = told.issue()
    told.do(PROVIDER, "/statements/new/")
    return invoice


def pay(told: Told, invoice: Invoice) -> None:
    """By bank transfer, naming the invoice."""
    name = told.companies[CUSTOMER].name
    amount, number = in_euros(invoice.gross_minor), str(invoice.number)
    told.book(camt.booking(amount, name=name, text=number, ref=number), identity=number)


def everybody(told: Told, what: Any) -> dict[str, Any]:
    """What each partner sees that sees anything."""
    found = {slug: what(slug) for slug in PARTNERS}
    return {slug: seen for slug, seen in found.items() if seen}


def all_in_order(told: Told) -> list[str]:
    """What the nightly proof finds, over all checks of the shared tables and of the provider's books."""
    with no_company(), as_platform():
        found = [line for check in SHARED_CHECKS for line in check.find(timezone.now())]
    with company_context(told.companies[PROVIDER]):
        found += [line for check in COMPANY_CHECKS for line in check.find(timezone.now())]
        parked = Job.objects.filter(state=Job.State.PARKED)
        return found + [f"{job.kind}: {job.error}" for job in parked]


def test_a_tire_moves_a_reading_comes_late_and_every_cent_follows(told: Told) -> None:
    drive_october(told)
    told.on("2026-11-02")
    invoice = bill(told, "2026-10")
    assert (invoice.net_minor, invoice.gross_minor) == (96_460, 114_787)
    assert everybody(told, told.shares) == AT_FIRST
    assert told.standing(WORKSHOP) == {"payable": 10_170}
    assert told.standing(MAKER) == {"owed": 15_614}

    told.on("2026-11-03")
    pay(told, invoice)
    assert told.pay_out() == FIRST_PAID
    assert everybody(told, told.standing) == {slug: {"paid": c} for slug, c in FIRST_PAID.items()}

    told.on("2026-11-04")
    told.send("tablet", story.late_reading(OCTOBER))
    documents = told.issue()
    # 900 km × 0.0497 = 44.73 fall, 900 km × 0.0313 = 28.17 rise.
    assert [(row.kind, row.net_minor, row.gross_minor) for row in documents] == [
        ("addition", 2_817, 3_352), ("credit", 4_473, 5_323),
    ]  # fmt: skip
    assert everybody(told, told.shares) == AT_LAST
    told.do(PROVIDER, "/statements/new/")
    assert {slug: sorted(told.statements(slug)[:-1]) for slug in PARTNERS} == CORRECTED
    paid = {slug: {"paid": minor} for slug, minor in FIRST_PAID.items()}
    assert everybody(told, told.standing) == {
        MAKER: {**paid[MAKER], "due_back": -1_171}, OTHER_MAKER: paid[OTHER_MAKER],
        FINANCIER: {**paid[FINANCIER], "due_back": -1_453, "owed": 870},
        WORKSHOP: {**paid[WORKSHOP], "payable": 729},
        PLATFORM: {**paid[PLATFORM], "due_back": -68, "owed": 40},
    }  # fmt: skip

    # The customer's credit of 53.23 pays the additional invoice of 33.52.
    told.do(PROVIDER, f"/invoices/{documents[0].public_id}/credit/")
    assert told.pay_out() == {WORKSHOP: 729}
    assert told.standing(FINANCIER) == {**paid[FINANCIER], "due_back": -583}
    assert told.standing(PLATFORM) == {**paid[PLATFORM], "due_back": -28}
    assert all_in_order(told) == []
    november(told)


def november(told: Told) -> None:
    """What was paid too much comes off the next payout, and nobody has a cent more or less."""
    told.on("2026-12-01")
    first = story.begin(date(2026, 12, 1))
    told.send("telematics 1", ("LKW-1", first, "40000"))
    told.send("telematics 2", ("LKW-2", first, "450000"))
    told.on("2026-12-02")
    invoice = bill(told, "2026-11")
    assert (invoice.net_minor, invoice.gross_minor) == (81_000, 96_390)
    told.on("2026-12-03")
    pay(told, invoice)
    assert told.pay_out() == NOVEMBER_PAID
    # Gross of 121.37 + 109.34: their tax is 24.93 − 1.87 + 20.77.
    assert told.standing(MAKER) == {"paid": 23_071 + 4_383}
    assert told.standing(FINANCIER) == {"paid": 25_547 + 21_688 + 4_947 - 232 + 139 + 4_121}
    assert told.standing(WORKSHOP) == {"paid": 10_899 + 12_600}
    assert told.standing(PLATFORM) == {"paid": 1_186 + 1_007 + 230 - 11 + 6 + 191}
    assert all_in_order(told) == []
    pages(told)


def pages(told: Told) -> None:
    """Everybody reads the same cents on its own pages, and nobody another's."""
    mine = told.page(MAKER, "/money/")
    assert "274.54" in mine
    theirs = told.page(PROVIDER, "/money/")
    for figure in ("274.54", "234.99", "39.03"):
        assert figure in theirs
    for slug, own in ((MAKER, "274.54"), (WORKSHOP, "234.99")):
        seen = (
            told.page(slug, "/money/") + told.page(slug, "/shares/") + told.page(slug, "/ledger/")
        )
        assert own in seen
        for other in PARTNERS:
            assert (told.companies[other].name in seen) == (other == slug)
    for path in ("/money/", "/shares/", "/statements/", "/ledger/"):
        seen = told.page(CUSTOMER, path)
        assert not [name for name in PARTNERS if told.companies[name].name in seen], path
    assert "Tires by the kilometre" not in told.page("stranger", "/shares/")
