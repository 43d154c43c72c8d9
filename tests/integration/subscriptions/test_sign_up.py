"""A company signs up: its address proven, its name judged, its schema made in the background."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership, User
from apps.subscriptions.forms import CompanyForm
from apps.subscriptions.models import Plan, SignUp
from apps.subscriptions.operations import signing_up
from apps.subscriptions.operations.signing_up import (
    FIRST_WAIT,
    ask_for_company,
    forget_sign_ups,
    mail_links,
    must_be_free,
    order_company,
    set_up_companies,
)
from apps.subscriptions.queries import own_plan
from apps.tenancy.context import acting_as, as_platform, company_context, no_company
from apps.tenancy.domain.addresses import RESERVED, is_free_form
from apps.tenancy.middleware import forget_hosts
from apps.tenancy.models import Company, Hostname
from apps.tenancy.operations import register_company

EMAIL = "anna@werk-nord.example"
FACTS = {
    "name": "Werk Nord GmbH", "country": "DE", "street": "Hafen 1", "postcode": "24103",
    "city": "Kiel", "vat_id": "DE136695976", "slug": "werk-nord", "plan": "business",
}  # fmt: skip
PERSON = {
    "person-name": "Anna Nord", "person-language": "en", "person-password": "a right long phrase",
}  # fmt: skip
SCHEMA = re.compile(r"co_[a-z][a-z0-9_]{1,39}")


def odd_names() -> list[str]:
    """300 names that are odd in one way or another, and ordinary ones among them."""
    ordinary = ["werk", "nord2", "a-b", "x1", "maschinen-bau", "q" * 40]
    bad_parts = ["_", "--", ".", " ", "/", "\\", "'", '"', ";", "$", "%", "&", "*", "(", ")", "<", ">",
                 "\0", "\n", "\t", "\r", "ä", "ß", "é", "ı", "İ", "а", "ο", "\u200b", "\u202e", "😀", "@",
                 ":", "?", "#", "=", "+", ",", "|", "~", "`", "^", "{", "}", "[", "]", "!"]  # fmt: skip
    found = [*ordinary, *sorted(RESERVED)]
    found += [
        form.format(part) for part in bad_parts for form in ("{}werk", "we{}rk", "werk{}", "{}")
    ]
    found += ["", "-", "-werk", "werk-", "1werk", "0", "9-9", "WERK", "Werk", "q" * 41, "q" * 300,
              "public", "information_schema", "pg_catalog", "pg_temp", "co_x", "xn--werk", "null",
              "werk" * 11, "a-", "a--b", "a-b-", "-", "--", "a b", "\ufeffwerk", "wer\u0301k", "ｗｅｒｋ", "werk\x7f", "we\x00", "werk; drop schema public cascade", "werk'--", "../werk", "%77erk", "co-x"]  # fmt: skip
    return found[:300]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def platform(act: Callable[..., int], now: datetime) -> int:
    given = {"inside": acting_as} if act is set_up_companies else {}
    with no_company(), as_platform():
        return act(now=now, **given)


@pytest.fixture
def client(cast: dict[str, Any]) -> Client:
    return Client(HTTP_HOST="peruse.localhost")


def link() -> str:
    found = re.search(r"http\S+(/sign-up/proof/\?token=\S+)", mail.outbox[-1].body)
    assert found is not None
    return found.group(1)


def proven(client: Client, now: datetime, email: str = EMAIL) -> SignUp:
    assert client.post("/sign-up/", {"email": email}).status_code == 200
    assert platform(mail_links, now) == 1
    assert client.get(link()).status_code == 302
    assert client.get("/sign-up/proof/").status_code == 200
    assert client.post("/sign-up/proof/").status_code == 302
    found: SignUp = SignUp.objects.get(email=email)
    return found


def test_from_an_address_to_a_portal(client: Client, now: datetime) -> None:
    row = proven(client, now)
    assert row.state == "proven"
    assert client.get("/sign-up/company/").status_code == 200
    sent = client.post("/sign-up/company/", {**FACTS, **PERSON})
    assert sent.status_code == 302, sent.content.decode()[:2000]
    assert "being set up" in client.get("/sign-up/progress/").content.decode()
    assert (platform(set_up_companies, now), platform(set_up_companies, now)) == (1, 0)
    page = client.get("/sign-up/progress/").content.decode()
    assert 'href="http://werk-nord.peruse.localhost' in page
    company = Company.objects.get(slug="werk-nord")
    assert (company.state, company.schema_name, company.city) == ("active", "co_werk_nord", "Kiel")
    with company_context(company):
        [member] = Membership.objects.filter(author=company)
        assert (member.user.email, member.user.name) == (EMAIL, "Anna Nord")
        assert member.position == "director"
        assert own_plan(now).pk == "business"
        assert own_plan(now + timedelta(days=31)).pk == "participant"
    forget_hosts()
    # Signed in on this host already; the portal itself asks for its own code.
    assert client.get("/companies/").status_code == 200
    assert Client(HTTP_HOST="werk-nord.peruse.localhost").get("/").status_code == 302


def test_opening_the_link_proves_nothing(client: Client, now: datetime) -> None:
    """Mail scanners open links; the button is pressed by a person."""
    client.post("/sign-up/", {"email": EMAIL})
    platform(mail_links, now)
    client.get(link())
    client.get("/sign-up/proof/")
    assert SignUp.objects.get().state == "asked"
    assert client.get("/sign-up/company/").status_code == 404


def test_another_browser_sees_nothing(client: Client, now: datetime) -> None:
    proven(client, now)
    other = Client(HTTP_HOST="peruse.localhost")
    for path in ("/sign-up/proof/", "/sign-up/company/"):
        assert other.get(path).status_code == 404
        assert other.post(path, FACTS).status_code == 404


def test_a_link_is_good_for_two_days_and_is_not_guessed(client: Client, now: datetime) -> None:
    client.post("/sign-up/", {"email": EMAIL})
    platform(mail_links, now)
    assert client.get("/sign-up/proof/?token=x").status_code == 302
    assert client.get("/sign-up/proof/").status_code == 404
    client.get(link())
    SignUp.objects.update(expires_at=now - timedelta(seconds=1))
    assert client.post("/sign-up/proof/").status_code == 404
    assert SignUp.objects.get().state == "asked"


def test_who_is_known_is_not_told(client: Client, cast: Any, person_of: Any, now: datetime) -> None:
    known = person_of(cast["maker"])
    pages = [
        client.post("/sign-up/", {"email": email}).content.decode().replace(email, "")
        for email in (known.email, EMAIL)
    ]
    assert pages[0] == pages[1]


def test_who_has_an_account_signs_in_first(
    client: Client, cast: Any, person_of: Any, now: datetime
) -> None:
    known = person_of(cast["maker"])
    proven(client, now, known.email)
    page = client.get("/sign-up/company/").content.decode()
    assert "/sign-in/?next=/sign-up/company/" in page
    client.post("/sign-up/company/", {**FACTS, **PERSON})
    assert SignUp.objects.get().state == "proven"
    client.force_login(known)
    client.get(link())
    page = client.get("/sign-up/company/").content.decode()
    assert 'name="person-password"' not in page
    assert client.post("/sign-up/company/", FACTS).status_code == 302
    platform(set_up_companies, now)
    assert SignUp.objects.get().state == "ready"


@pytest.mark.parametrize(
    ("country", "typed", "zone"),
    [
        ("PT", "", "Europe/Lisbon"), ("DE", "", "Europe/Berlin"), ("JP", "", "Asia/Tokyo"),
        ("US", "America/Chicago", "America/Chicago"), ("DE", "Europe/Madrid", "Europe/Madrid"),
        ("US", "", ""), ("DE", "Europe/Atlantis", ""),
    ],
)  # fmt: skip
def test_the_time_zone_is_the_countrys_unless_another_is_chosen(
    cast: Any, country: str, typed: str, zone: str
) -> None:
    form = CompanyForm({**FACTS, "vat_id": "", "country": country, "time_zone": typed})
    assert form.is_valid() is bool(zone), form.errors
    if zone:
        assert form.facts(EMAIL, "en")["time_zone"] == zone
    else:
        assert set(form.errors) == {"time_zone"}


def test_a_new_company_counts_in_its_zone(cast: Any, now: datetime) -> None:
    """All the way from the form's facts to its row."""
    person = User.objects.create(email=EMAIL, name="Anna", joined_at=now, password="!")
    form = CompanyForm({**FACTS, "vat_id": "", "country": "PT"})
    assert form.is_valid()
    row = SignUp.objects.create(
        email=EMAIL, language="en", asked_at=now, expires_at=now + timedelta(days=2), state="proven"
    )
    order_company(
        sign_up=row, person=person, slug="werk-sul", plan=form.chosen(),
        facts=form.facts(EMAIL, "en"), now=now,
    )  # fmt: skip
    platform(set_up_companies, now)
    assert Company.objects.get(slug="werk-sul").time_zone == "Europe/Lisbon"


def test_an_address_gets_five_mails_a_day(cast: Any, now: datetime) -> None:
    for _ in range(7):
        ask_for_company(email=EMAIL, language="de", now=now)
    assert platform(mail_links, now) == 5
    assert platform(mail_links, now) == 0
    ask_for_company(email=EMAIL, language="de", now=now + timedelta(days=1, seconds=1))
    assert platform(mail_links, now + timedelta(days=1, seconds=1)) == 1
    assert mail.outbox[0].subject == "Das Portal Ihres Unternehmens"


def test_a_mail_server_that_is_away_is_asked_again(
    cast: Any, now: datetime, monkeypatch: Any
) -> None:
    ask_for_company(email=EMAIL, language="en", now=now)

    def broken(self: Any) -> int:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(signing_up.EmailMessage, "send", broken)
        assert platform(mail_links, now) == 0
    assert platform(mail_links, now) == 1


@pytest.mark.parametrize(
    "field", ["country", "vat_id", "plan", "slug", "person-password", "name", "city"]
)
def test_bad_input_is_said_at_its_place(client: Client, now: datetime, field: str) -> None:
    bad = {"country": "Germany", "vat_id": "DE1", "plan": "gold", "slug": "a_b", "person-password": "1",
           "name": "", "city": ""}  # fmt: skip
    proven(client, now)
    answer = client.post("/sign-up/company/", {**FACTS, **PERSON, field: bad[field]})
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.content.decode()
    assert SignUp.objects.get().state == "proven"
    assert not User.objects.filter(email=EMAIL).exists()


def test_three_hundred_odd_names_and_no_odd_schema(cast: Any, now: datetime) -> None:
    names = odd_names()
    assert len(names) == 300
    taken = {company.slug for company in Company.objects.all()}
    fine = []
    for name in names:
        try:
            must_be_free(name)
        except ValidationError:
            continue
        fine.append(name)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) for name in fine)
    assert all(SCHEMA.fullmatch("co_" + name.replace("-", "_")) for name in fine)
    assert set(fine) >= {"werk", "nord2", "a-b", "x1"}
    assert not set(fine) & (RESERVED | taken)


def test_the_database_and_the_company_itself_refuse_them_too(cast: Any, now: datetime) -> None:
    """Past the form: what is ordered with an odd name fails, and leaves neither company nor schema."""
    from apps.tenancy.operations import register_company

    for name in [name for name in odd_names() if not is_free_form(name)][:60]:
        with no_company(), as_platform(), pytest.raises((ValidationError, ValueError)):
            register_company(slug=name, name="Odd", country="DE", now=now)
    with connection.cursor() as cursor:
        cursor.execute("select nspname from pg_namespace where nspname like 'co\\_%'")
        schemas = [row[0] for row in cursor.fetchall()]
    assert all(SCHEMA.fullmatch(schema) for schema in schemas)
    assert Hostname.objects.count() == len(schemas)


def test_a_name_that_was_taken_meanwhile_is_said(client: Client, now: datetime) -> None:
    proven(client, now)
    assert client.post("/sign-up/company/", {**FACTS, **PERSON, "slug": "maker"}).status_code == 422
    # Taken between the form and the worker.
    client.post("/sign-up/company/", {**FACTS, **PERSON})
    SignUp.objects.update(slug="maker")
    platform(set_up_companies, now)
    row = SignUp.objects.get()
    assert (row.state, row.company) == ("failed", None)
    assert "This did not work" in client.get("/sign-up/progress/").content.decode()
    with company_context(Company.objects.get(slug="maker")):
        assert not Membership.objects.filter(user__email=EMAIL).exists()


def test_two_may_not_have_one_name_under_way(cast: Any, now: datetime, person_of: Any) -> None:
    rows = []
    for slug in ("maker", "provider"):
        person = person_of(cast[slug])
        made = ask_for_company(email=person.email, language="en", now=now)
        assert made is not None
        SignUp.objects.filter(pk=made.pk).update(state="proven")
        rows.append((made, person))
    facts = {"name": "New", "country": "DE"}
    plan = Plan.objects.get(pk="business")
    order_company(
        sign_up=rows[0][0], person=rows[0][1], slug="newest", plan=plan, facts=facts, now=now
    )
    with pytest.raises(ValidationError, match="taken"):
        order_company(
            sign_up=rows[1][0], person=rows[1][1], slug="newest", plan=plan, facts=facts, now=now
        )


@pytest.mark.parametrize("stops", ["build_schema", "add_membership", "start_trial"])
def test_a_worker_that_dies_goes_on_where_it_was(
    client: Client, now: datetime, monkeypatch: Any, stops: str
) -> None:
    proven(client, now)
    client.post("/sign-up/company/", {**FACTS, **PERSON})

    def dies(**given: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(signing_up, stops, dies)
        platform(set_up_companies, now)
    assert platform(set_up_companies, now) == 0, "not at once: it may kill the next one"
    assert platform(set_up_companies, now + FIRST_WAIT) == 1
    company = Company.objects.get(slug="werk-nord")
    with company_context(company):
        assert Membership.objects.filter(author=company).count() == 1
        assert own_plan(now).pk == "business"


def building(count: int, now: datetime, person: Any, name: str = "waiting") -> list[str]:
    """As many that are being set up, the oldest first; their addresses."""
    plan = Plan.objects.get(pk="business")
    rows = [
        SignUp(
            email=person.email, language="en", state="building", asked_at=now + timedelta(milliseconds=n),
            expires_at=now + timedelta(days=2), user=person, plan=plan, slug=f"{name}-{n}",
            facts={"name": f"Waiting {n}", "country": "DE"},
        )
        for n in range(count)
    ]  # fmt: skip
    return [row.slug for row in SignUp.objects.bulk_create(rows)]


def test_those_that_fail_starve_nobody_and_end_with_a_reason(
    cast: Any, now: datetime, person_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty are done in a round; twenty that fail stand at its head."""
    *bad, good = building(21, now, person_of(cast["stranger"]))

    def register(*, slug: str, **given: Any) -> Company:
        if slug in bad:
            raise RuntimeError("no such thing")
        return register_company(slug=slug, **given)

    monkeypatch.setattr(signing_up, "register_company", register)
    assert platform(set_up_companies, now) == 0
    assert platform(set_up_companies, now) == 1
    assert SignUp.objects.get(slug=good).state == "ready"
    # Due again are all twenty; who came since goes first.
    building(1, now + timedelta(seconds=10), person_of(cast["stranger"]), "later")
    assert platform(set_up_companies, now + timedelta(seconds=20)) == 1
    for minutes in range(1, 60, 3):
        platform(set_up_companies, now + timedelta(minutes=minutes))
    left = SignUp.objects.filter(slug__in=bad)
    assert {(row.state, row.tries) for row in left} == {("failed", signing_up.MOST_TRIES)}
    assert all("our fault" in row.reason for row in left)


def test_one_that_kills_its_worker_ends_too(
    cast: Any, now: datetime, person_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    [slug] = building(1, now, person_of(cast["stranger"]))

    def dies(**given: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(signing_up, "register_company", dies)
    for hours in range(signing_up.MOST_TRIES):
        with pytest.raises(KeyboardInterrupt):
            platform(set_up_companies, now + timedelta(hours=hours))
    assert platform(set_up_companies, now + timedelta(hours=12)) == 0
    assert SignUp.objects.get(slug=slug).state == "failed"


def test_what_came_to_nothing_is_forgotten(cast: Any, now: datetime) -> None:
    ask_for_company(email=EMAIL, language="en", now=now)
    assert platform(forget_sign_ups, now) == 0
    assert platform(forget_sign_ups, now + timedelta(days=5)) == 1


def test_public_pages(client: Client, settings: Any, tmp_path: Any) -> None:
    for path in ("/", "/prices/", "/imprint/", "/privacy/", "/sign-up/"):
        assert client.get(path).status_code == 200, path
    assert "99.00" in client.get("/prices/").content.decode()
    (tmp_path / "imprint.txt").write_text("Peruse GmbH\nKiel\n\n<b>VAT</b>")
    settings.PERUSE_OPERATOR = {**settings.PERUSE_OPERATOR, "texts": str(tmp_path)}
    page = client.get("/imprint/").content.decode()
    assert "Peruse GmbH<br>Kiel" in page
    assert "<b>VAT" not in page


@pytest.fixture(autouse=True)
def _no_schema_stays(request: Any) -> Iterator[None]:
    yield
    forget_hosts()
