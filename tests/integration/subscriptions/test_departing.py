"""A company leaves: asked for, withdrawn, held by what is open, erased whatever dies, certified."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils.translation import override

from apps.accounts.models import ApiKey, Membership, User
from apps.accounts.operations import make_key
from apps.billing.models import Invoice
from apps.common.ed25519 import verify_signature
from apps.events.models import AuditRow, Job
from apps.events.operations import run_waiting_jobs
from apps.subscriptions.domain.certificate import canonical
from apps.subscriptions.domain.keeping import KEPT, SEEN_AND_GONE
from apps.subscriptions.models import Certificate, Departure
from apps.subscriptions.operations import ask_to_leave, erasing, stay_after_all
from apps.subscriptions.operations.certifying import mail_certificates
from apps.subscriptions.operations.erasing import erase_departed
from apps.subscriptions.queries import leaving_holds
from apps.tenancy.context import (
    acting_as,
    as_app,
    as_owner,
    as_platform,
    company_context,
    no_company,
)
from apps.tenancy.middleware import forget_hosts
from apps.tenancy.models import Company
from tests.conftest import make_person, signed_in
from tests.crashes import Crash, counted
from tests.world import CANARY, NOW, build_world

DAYS = timedelta(days=30)
PUBLIC = "peruse.localhost"


@pytest.fixture(scope="module")
def companies(shared_database: str) -> dict[str, Any]:
    found = {company.slug: company for company in Company.objects.all()}
    build_world(found, make_person)
    return found


def worker(now: datetime) -> int:
    """The platform's, once."""
    with no_company(), as_platform():
        done = erase_departed(now=now, inside=acting_as)
        mail_certificates(now=now)
    forget_hosts()
    return done


def whole_way(now: datetime) -> None:
    for minutes in range(0, 10, 2):
        worker(now + timedelta(minutes=minutes))


def departure_of(company: Any) -> Departure:
    with no_company(), as_platform():
        found: Departure = Departure.all_parties.filter(author=company).latest("id")
    return found


def ask(company: Any, now: datetime = NOW) -> None:
    """Asked for, and the export is written."""
    person = make_person(company)
    with company_context(company):
        ask_to_leave(now=now, actor=person)
        # Asked in a browser it is of the machine's time.
        run_waiting_jobs(now=now + timedelta(days=90))


def rows(sql: str, *given: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return list(cursor.fetchall())


def schema_stands(company: Any) -> bool:
    return bool(rows("select from pg_namespace where nspname = %s", company.schema_name))


def certificate_link() -> str:
    bodies = "".join(one.body for one in mail.outbox)
    [found] = re.findall(r"http://\S+(/certificate/\?token=\S+)", bodies)
    return str(found)


def test_what_is_open_holds(companies: dict[str, Any]) -> None:
    provider = companies["provider"]
    client = signed_in(provider)
    page = client.get("/plan/leaving/").content.decode()
    for text in (r"contracts? (is|are) open", "to your data"):
        assert re.search(text, page), text
    told = ""
    for company in companies.values():
        with company_context(company):
            told += " ".join(hold.text for hold in leaving_holds(NOW))
    for word in ("balance", "payment", "payout", "refund", "transfer", "contract", "your data"):
        assert word in told, word
    assert client.post("/plan/leaving/new/").status_code == 422
    with company_context(provider):
        assert not Departure.objects.exists()
        with pytest.raises(ValidationError):
            ask_to_leave(now=NOW, actor=make_person(provider))


def test_only_a_director_asks(companies: dict[str, Any]) -> None:
    for position in ("finance", "operations", "viewer"):
        client = signed_in(companies["stranger"], position)
        assert client.get("/plan/leaving/").status_code == 403
        assert client.post("/plan/leaving/new/").status_code == 403
    assert (
        "Have everything erased"
        in signed_in(companies["stranger"]).get("/plan/leaving/").content.decode()
    )


def test_withdrawn_nothing_happens(companies: dict[str, Any]) -> None:
    stranger = companies["stranger"]
    client = signed_in(stranger)
    assert client.post("/plan/leaving/new/").status_code == 302
    assert client.post("/plan/leaving/new/").status_code == 302
    assert "Stay after all" in client.get("/plan/leaving/").content.decode()
    with company_context(stranger):
        run_waiting_jobs(now=NOW)
        assert Departure.objects.count() == 1
        assert stay_after_all(now=NOW, actor="Anna")
        assert not stay_after_all(now=NOW, actor="Anna")
    assert worker(departure_of(stranger).due_at + timedelta(days=1)) == 0
    assert schema_stands(stranger)
    assert client.get("/").status_code == 200


def test_erased_on_its_day_and_certified(companies: dict[str, Any]) -> None:
    stranger = companies["stranger"]
    person = make_person(stranger)
    with company_context(stranger):
        make_key(name="gone", scope="intake", now=NOW, actor="Anna")
    file = default_storage.save("stranger/imports/lines.csv", ContentFile(b"1"))
    client = signed_in(stranger)
    ask(stranger)
    due = NOW + DAYS
    assert worker(due - timedelta(seconds=1)) == 0
    assert (worker(due), client.get("/").status_code) == (1, 404)
    assert worker(due + timedelta(seconds=30)) == 0
    assert schema_stands(stranger)
    whole_way(due + timedelta(minutes=2))
    assert not schema_stands(stranger)
    assert not default_storage.exists(file)
    with no_company(), as_platform():
        assert not ApiKey.all_parties.filter(author=stranger).exists()
        assert not Membership.all_parties.filter(author=stranger).exists()
        assert AuditRow.all_parties.filter(author=stranger).exists()
        assert Company.objects.get(slug="stranger").email == ""
    assert User.objects.get(pk=person.pk).name == "Erased person"
    assert departure_of(stranger).state == "erased"
    assert Client(HTTP_HOST=f"stranger.{PUBLIC}").get("/").status_code == 404
    _reads_the_certificate(person.email)


def _reads_the_certificate(email: str) -> None:
    [letter] = [one for one in mail.outbox if "/certificate/" in one.body]
    assert letter.to == [email]
    link = certificate_link()
    client = Client(HTTP_HOST=PUBLIC)
    assert client.get("/certificate/").status_code == 404
    assert client.get("/certificate/?token=x").status_code == 302
    assert client.get("/certificate/file/").status_code == 404
    assert client.get(link)["Location"] == "/certificate/"
    page = client.get("/certificate/").content.decode()
    told = json.loads(client.get("/certificate/file/").content)
    key, signature = told.pop("public_key"), told.pop("signature")
    assert told.pop("algorithm") == "Ed25519"
    bits = bytes.fromhex(key), canonical(told), bytes.fromhex(signature)
    assert verify_signature(*bits)
    assert not verify_signature(bits[0], bits[1] + b" ", bits[2])
    assert told["export"]["sha256"] in page
    gone = {row["table"]: row["rows"] for row in told["deleted"]["shared"]}
    assert (gone["accounts_apikey"], told["deleted"]["files"] >= 2) == (1, True)
    assert {row["reason"] for row in told["kept"] if row["table"] == "events_auditrow"} == {"audit"}


def test_what_becomes_open_meanwhile_holds_on_the_day(
    companies: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    financier = companies["financier"]
    with monkeypatch.context() as patch:
        patch.setattr("apps.subscriptions.operations.departing.leaving_holds", lambda now: [])
        ask(financier)
    with company_context(financier):
        assert leaving_holds(NOW)
    assert worker(NOW + DAYS) == 0
    found = departure_of(financier)
    assert (found.state, bool(found.held)) == ("asked", True)
    assert "something was unfinished" in signed_in(financier).get("/plan/leaving/").content.decode()
    with company_context(financier):
        stay_after_all(now=NOW, actor="Anna")


def test_what_held_is_kept_in_english_and_read_in_ones_own_language(
    companies: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = companies["provider"]
    with monkeypatch.context() as patch:
        patch.setattr("apps.subscriptions.operations.departing.leaving_holds", lambda now: [])
        with company_context(provider):
            ask_to_leave(now=NOW, actor=make_person(provider))
    with override("de"):
        assert worker(NOW + DAYS) == 0
    held = departure_of(provider).held
    assert "The export is not written yet." in held
    with company_context(provider):
        with override("en"):
            assert held[:-1] == [hold.text for hold in leaving_holds(NOW + DAYS)]
        with override("de"):
            assert held[:-1] != [hold.text for hold in leaving_holds(NOW + DAYS)]
    client = signed_in(provider)
    assert "The export is not written yet." in client.get("/plan/leaving/").content.decode()
    reader = make_person(provider)
    User.objects.filter(pk=reader.pk).update(language="de")
    page = client.get("/plan/leaving/", headers={"Accept-Language": "de"}).content.decode()
    assert "Der Export ist noch nicht geschrieben." in page
    User.objects.filter(pk=reader.pk).update(language="en")
    with company_context(provider):
        stay_after_all(now=NOW, actor="Anna")


def test_whatever_dies_in_between(
    companies: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step dies at each of its statements, before or after it; the next round ends it, once."""
    maker, due = companies["maker"], NOW + DAYS
    _let_go(maker, monkeypatch)
    deaths = 0
    for number in range(1, 200):
        at = due + timedelta(minutes=2 * number)
        try:
            with counted(at=number % 40 + 1, after=bool(number % 2)):
                worker(at)
        except Crash:
            deaths += 1
            connection.close()
        if departure_of(maker).state == "erased":
            break
    whole_way(due + timedelta(days=1))
    assert deaths > 10
    assert departure_of(maker).state == "erased"
    assert Certificate.objects.filter(company=maker).count() == 1
    assert not schema_stands(maker)


def _let_go(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nothing were open."""
    monkeypatch.setattr("apps.subscriptions.operations.departing.leaving_holds", lambda now: [])
    monkeypatch.setattr(erasing, "leaving_holds", lambda now: [])
    ask(company)


def test_what_others_need_stays(companies: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest company of the world goes; its customer reads invoices and contracts as before."""
    provider, customer = companies["provider"], companies["customer"]
    client = signed_in(customer)
    with company_context(customer):
        bills = list(Invoice.objects.filter(author=provider).values_list("pk", flat=True))
        paths = [Invoice.objects.get(pk=key).public_id for key in bills]
    assert bills
    _let_go(provider, monkeypatch)
    whole_way(NOW + DAYS)
    assert departure_of(provider).state == "erased"
    with company_context(customer):
        assert set(bills) == set(
            Invoice.objects.filter(author=provider).values_list("pk", flat=True)
        )
    _opens_all(client, [f"/invoices/{key}/" for key in paths])
    with no_company(), as_platform():
        body = Certificate.objects.get(company=provider).body
        assert not Job.all_parties.filter(company=provider).exclude(state="done").exists()
    reasons = {row["reason"] for row in body["kept"]}
    assert reasons == {"books", "evidence", "audit", "shared", "named"}
    kept = {row["table"] for row in body["kept"]}
    assert not kept & {"accounts_apikey", "notifications_notification", *SEEN_AND_GONE}
    assert CANARY not in json.dumps(body)


LISTS = [
    "/", "/invoices/", "/contracts/", "/assets/", "/networks/", "/money/", "/data/grants/", "/terms/",
    "/shares/", "/payments/", "/transfers/", "/received/", "/payment-settings/",
]  # fmt: skip
DETAIL = re.compile(r'href="(/[a-z-]+(?:/[a-z-]+)?/[a-z]{3}_[0-9a-z]{26}/)')


def _opens_all(client: Client, paths: list[str]) -> None:
    """These pages, the lists, and whatever the lists lead to."""
    found = set(paths)
    for path in LISTS:
        answer = client.get(path)
        assert answer.status_code == 200, path
        found |= set(DETAIL.findall(answer.content.decode()))
    assert len(found) > len(paths) + 5
    for path in sorted(found):
        assert client.get(path).status_code == 200, path


def test_the_door_opens_for_who_leaves_alone(companies: dict[str, Any]) -> None:
    workshop = companies["workshop"]
    door = "select public.peruse_erase_company(%s)"
    with no_company(), as_platform(), pytest.raises(DatabaseError, match="is not leaving"):
        rows(door, workshop.pk)
    with company_context(workshop), as_app(), pytest.raises(DatabaseError, match="denied"):
        rows(door, workshop.pk)
    assert schema_stands(workshop)


def test_frozen_rows_go_by_the_door_alone(companies: dict[str, Any]) -> None:
    """Naming the company is not enough, nor being the owner; both together are what the door does."""
    workshop = companies["workshop"]
    with company_context(workshop):
        signed_in(workshop)
    sql = "delete from events_auditrow where author_id = %s returning id"
    with company_context(companies["customer"]):
        key = AuditRow.objects.filter(author=companies["customer"]).values_list(
            "author", flat=True
        )[0]
    name = "select set_config('peruse.erasing', %s, true)"
    for role, named, refused in (
        (as_app, str(key), True), (as_owner, "", True), (as_owner, "0", True),
        (as_owner, str(key), False),
    ):  # fmt: skip
        with no_company(), role(), transaction.atomic():
            rows(name, named)
            if refused:
                with pytest.raises(DatabaseError), transaction.atomic():
                    rows(sql, key)
            else:
                assert rows(sql, key)
            transaction.set_rollback(True)


def test_a_company_cannot_push_its_departure_on(companies: dict[str, Any]) -> None:
    """It asks and withdraws: everything else of the row is the platform's."""
    customer = companies["customer"]
    with company_context(customer), transaction.atomic():
        row = Departure.objects.create(
            author=customer, parties=[customer.pk], asked_at=NOW, asked_by_id=1, asked_by="A",
            email="a@b.example", language="en", due_at=NOW + DAYS,
        )  # fmt: skip
        for fields in (
            {"due_at": NOW + timedelta(days=1)}, {"state": "erasing"}, {"report": {}},
        ):  # fmt: skip
            with pytest.raises(DatabaseError), transaction.atomic():
                Departure.objects.filter(pk=row.pk).update(**fields)
        assert Departure.objects.filter(pk=row.pk).update(state="withdrawn") == 1
        transaction.set_rollback(True)


def test_the_database_and_the_code_keep_the_same(db: None) -> None:
    [(kept, gone)] = rows(
        "select public.peruse_kept_tables(), public.peruse_seen_and_gone_tables()"
    )
    assert sorted(kept) == sorted(KEPT)
    assert tuple(gone) == SEEN_AND_GONE
    [(known,)] = rows(
        "select array_agg(relname::text) from pg_class where relrowsecurity and relkind in ('r', 'p')"
    )
    assert set(KEPT) | set(SEEN_AND_GONE) <= set(known)
