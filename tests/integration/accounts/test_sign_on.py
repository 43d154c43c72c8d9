"""Single sign-on at a company's own provider: pinned, linked from within, for that company alone."""

import base64
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts.models import SignOn, SignOnLink, User
from apps.accounts.operations import add_membership
from apps.accounts.operations import provider as speaking
from apps.accounts.operations.sign_on import end_sign_on, set_sign_on
from apps.accounts.queries import own_link
from apps.events.operations import posting
from tests.integration.accounts.conftest import PUBLIC, Browser, host_of, sign_in
from tests.integration.accounts.provider import CLIENT, SECRET, Provider, new_key, providing
from tests.unit.events.bad_targets import BAD_IPS, BAD_URLS

DOMAIN = "provider.example"


@pytest.fixture
def idp(settings: Any) -> Iterator[Provider]:
    settings.PERUSE_WEBHOOKS_TO_LOOPBACK = True
    with providing() as found:
        yield found
    speaking._kept.clear()


@pytest.fixture
def set_up(idp: Provider, as_company: Any, person_of: Callable[..., User]) -> Callable[..., SignOn]:
    """`set_up(company)` names the provider there."""

    def make(company: Any, **more: Any) -> SignOn:
        director = person_of(company)
        facts = {"issuer": idp.issuer, "client_id": CLIENT, "secret": SECRET,
                 "domains": [f"{company.slug}.example"], **more}  # fmt: skip
        with as_company(company):
            return set_sign_on(**facts, now=timezone.now(), actor=director)

    return make


@pytest.fixture
def linked(
    cast: Any, idp: Provider, set_up: Callable[..., SignOn], signed_in: Callable[..., User]
) -> User:
    """Finance of the provider, who is `sub-1` at its identity provider."""
    set_up(cast["provider"])
    user = signed_in(cast["provider"], "finance")
    _link(Browser(), cast["provider"], user, idp)
    return user


def _link(browser: Browser, company: Any, user: User, idp: Provider, **shows: Any) -> Any:
    """Open the way from within the company and walk it."""
    from tests.integration.accounts.conftest import PASSWORD

    browser.post(f"http://{PUBLIC}/sign-in/", {"login": user.email, "password": PASSWORD})
    home = f"http://{host_of(company)}"
    browser.follow(f"{home}/company/sign-on/")
    way = browser.post(f"{home}/company/sign-on/link/").context["way"]
    idp.shows = {"sub": "sub-1", "email": user.email, **shows}
    return _through(browser, way, idp)


def _through(browser: Browser, way: str, idp: Provider) -> Any:
    """To the provider and back; the answer of the callback."""
    sent = browser.get(way)
    assert sent.status_code == 302, sent.content.decode()
    assert sent["Location"].startswith(f"{idp.issuer}/authorize?"), sent["Location"]
    return browser.get(f"http://{PUBLIC}{idp.answers_browser(sent['Location'])}")


def _way(browser: Browser, company: Any, path: str = "/people/") -> str:
    """The button of the sign-in page that somebody meets who wants a page of the company."""
    address, page = browser.follow(f"http://{host_of(company)}{path}")
    assert "Sign in at" in page.content.decode()
    return address.replace("/sign-in/?", "/sign-on/?")


def _sign_in(browser: Browser, company: Any, idp: Provider, **shows: Any) -> Any:
    idp.shows = {"sub": "sub-1", "email": f"finance@{DOMAIN}", **shows}
    return _through(browser, _way(browser, company), idp)


def is_in(browser: Browser, company: Any) -> bool:
    return bool(browser.get(f"http://{host_of(company)}/people/").status_code == 200)


def test_a_linked_person_signs_in_and_comes_where_they_wanted(
    cast: Any, idp: Provider, linked: User
) -> None:
    browser = Browser()
    answer = _sign_in(browser, cast["provider"], idp)
    address, page = browser.follow(answer["Location"])
    assert address.endswith("/people/")
    assert page.wsgi_request.user == linked
    pair = base64.b64decode(idp.asked[-1]["authorization"].removeprefix("Basic ")).decode()
    assert pair == "peruse:a%20secret%3A%20of%20%2B%20the%2Fclient"


def test_it_opens_no_other_company_and_nothing_on_the_sign_in_host(
    cast: Any, idp: Provider, linked: User, as_company: Any, now: Any
) -> None:
    with as_company(cast["customer"]):
        add_membership(user=linked, position="viewer", now=now)
    browser = Browser()
    browser.follow(_sign_in(browser, cast["provider"], idp)["Location"])
    assert is_in(browser, cast["provider"])
    assert not is_in(browser, cast["customer"])
    for path in ("companies/", "security/", "profile/"):
        assert browser.get(f"http://{PUBLIC}/{path}").status_code == 302
    assert "companies/customer" not in browser.follow(f"http://{host_of(cast['customer'])}/")[0]


def test_the_provider_asks_for_a_second_factor_where_it_wants_one(
    cast: Any, idp: Provider, linked: User, settings: Any
) -> None:
    """Finance without a factor of ours: in by single sign-on, and not by a password."""
    settings.PERUSE_MFA = True
    browser = Browser()
    browser.follow(_sign_in(browser, cast["provider"], idp)["Location"])
    assert is_in(browser, cast["provider"])
    with_a_password = Browser()
    sign_in(with_a_password, linked)
    with_a_password.follow(f"http://{host_of(cast['provider'])}/people/")
    assert not is_in(with_a_password, cast["provider"])


def test_signing_out_from_afar_ends_it(cast: Any, idp: Provider, linked: User) -> None:
    from allauth.usersessions.models import UserSession

    browser = Browser()
    browser.follow(_sign_in(browser, cast["provider"], idp)["Location"])
    for row in UserSession.objects.filter(user=linked):
        row.end()
    assert not is_in(browser, cast["provider"])


def test_nobody_is_known_by_address(cast: Any, idp: Provider, linked: User) -> None:
    answer = _sign_in(Browser(), cast["provider"], idp, sub="sub-2")
    assert answer.status_code == 400
    assert "Nobody in" in answer.content.decode()


def test_another_issuers_token_for_the_same_person_never_signs_in(
    cast: Any, idp: Provider, linked: User, set_up: Callable[..., SignOn], as_company: Any
) -> None:
    """The stranger's company has a provider of its own, which shows the same subject and address."""
    with providing() as other:
        set_up(cast["stranger"], issuer=other.issuer, domains=[DOMAIN])
        other.shows = {"sub": "sub-1", "email": linked.email}
        browser = Browser()
        answer = _through(browser, _way(browser, cast["stranger"]), other)
        assert answer.status_code == 400
        assert not is_in(browser, cast["provider"])
        # The company itself changes its issuer: no link holds any more.
        set_up(cast["provider"], issuer=other.issuer)
        browser = Browser()
        answer = _through(browser, _way(browser, cast["provider"]), other)
        assert answer.status_code == 400
    with as_company(cast["provider"]):
        assert not SignOnLink.objects.exists()


def _with(**claims: Any) -> Callable[[Provider], Any]:
    return lambda idp: lambda said: idp._sign({**said, **claims})


def _by_another_key(idp: Provider) -> Any:
    key = new_key()
    return lambda said: jwt.encode(said, key, algorithm="RS256", headers={"kid": idp.kid})


def _by_a_shared_secret(idp: Provider) -> Any:
    key = "x" * 64
    return lambda said: jwt.encode(said, key, algorithm="HS256", headers={"kid": idp.kid})


def _unsigned(idp: Provider) -> Any:
    return lambda said: jwt.encode(said, "", algorithm="none", headers={"kid": idp.kid})


def _without(name: str) -> Callable[[Provider], Any]:
    return lambda idp: lambda said: idp._sign({k: v for k, v in said.items() if k != name})


@pytest.mark.parametrize(
    "false",
    [
        _by_another_key, _by_a_shared_secret, _unsigned,
        _with(iss="https://other.example"), _with(aud="another client"),
        _with(aud=[CLIENT, "other"], azp="other"), _with(nonce="of another question"),
        _with(exp=int(time.time()) - 3600), _with(iat=int(time.time()) + 3600), _with(sub=""),
        _without("sub"), _without("exp"), _without("iat"), _without("nonce"), _without("iss"),
        lambda idp: lambda said: "no.token.atall", lambda idp: lambda said: "",
    ],
)  # fmt: skip
def test_false_tokens_show_nobody(
    cast: Any, idp: Provider, linked: User, false: Callable[[Provider], Any]
) -> None:
    idp.signs = false(idp)
    browser = Browser()
    answer = _sign_in(browser, cast["provider"], idp)
    assert answer.status_code == 400
    assert not is_in(browser, cast["provider"])


def test_the_true_token_of_the_same_shape_signs_in(cast: Any, idp: Provider, linked: User) -> None:
    """The control of the tests above."""
    idp.signs = _with(aud=[CLIENT, "other"], azp=CLIENT)(idp)
    assert "/enter/?code=" in _sign_in(Browser(), cast["provider"], idp)["Location"]


def test_keys_may_change(cast: Any, idp: Provider, linked: User) -> None:
    _sign_in(Browser(), cast["provider"], idp)
    idp.key, idp.kid = new_key(), "two"
    assert "/enter/?code=" in _sign_in(Browser(), cast["provider"], idp)["Location"]


def test_an_answer_is_for_one_question_of_one_browser(
    cast: Any, idp: Provider, linked: User
) -> None:
    browser, thief = Browser(), Browser()
    idp.shows = {"sub": "sub-1", "email": linked.email}
    sent = browser.get(_way(browser, cast["provider"]))
    back = f"http://{PUBLIC}{idp.answers_browser(sent['Location'])}"
    assert thief.get(back).status_code == 400
    assert browser.get(back.replace("state=", "state=x")).status_code == 400
    assert browser.get(back).status_code == 400, "the wrong answer spent the question"


def test_an_answer_of_another_issuer_is_refused(cast: Any, idp: Provider, linked: User) -> None:
    browser = Browser()
    idp.shows = {"sub": "sub-1"}
    sent = browser.get(_way(browser, cast["provider"]))
    back = idp.answers_browser(sent["Location"]).replace(idp.issuer, "https://other.example")
    assert browser.get(f"http://{PUBLIC}{back}").status_code == 400


@pytest.mark.parametrize(
    "shows",
    [
        {"email": f"director@{DOMAIN}"}, {"email_verified": False}, {"email": None},
        {"email": "finance@evil.example"},
    ],
)  # fmt: skip
def test_only_the_own_proven_address_is_linked(
    cast: Any, idp: Provider, set_up: Callable[..., SignOn], with_password: Callable[..., User],
    as_company: Any, shows: dict[str, Any],
) -> None:  # fmt: skip
    set_up(cast["provider"])
    user = with_password(cast["provider"], "finance")
    answer = _link(Browser(), cast["provider"], user, idp, **shows)
    assert answer.status_code == 400
    with as_company(cast["provider"]):
        assert own_link(user) is None


def test_a_way_to_link_is_used_once_and_within_ten_minutes(
    cast: Any, idp: Provider, linked: User, browser: Browser, time_machine: Any, as_company: Any
) -> None:
    home = f"http://{host_of(cast['provider'])}"
    browser.follow(f"{home}/company/sign-on/")
    assert browser.post(f"{home}/company/sign-on/link/")["Location"] == "/company/sign-on/"
    browser.post(f"{home}/company/sign-on/link/ending/")
    way = browser.post(f"{home}/company/sign-on/link/").context["way"]
    idp.shows = {"sub": "sub-1", "email": linked.email}
    assert _through(browser, way, idp).status_code == 302
    assert _through(browser, way, idp).status_code == 400, "used"
    browser.post(f"{home}/company/sign-on/link/ending/")
    way = browser.post(f"{home}/company/sign-on/link/").context["way"]
    time_machine.move_to(timezone.now() + timedelta(minutes=11))
    speaking._kept.clear()
    assert _through(browser, way, idp).status_code == 400, "over"


def test_who_left_does_not_come_back(
    cast: Any, idp: Provider, linked: User, as_company: Any, person_of: Callable[..., User]
) -> None:
    from apps.accounts.models import Membership
    from apps.accounts.operations import end_membership

    with as_company(cast["provider"]):
        row = Membership.objects.get(user=linked, author=cast["provider"])
        end_membership(membership=row, now=timezone.now())
    assert _sign_in(Browser(), cast["provider"], idp).status_code == 400


def test_ended_is_ended(
    cast: Any, idp: Provider, linked: User, as_company: Any, person_of: Callable[..., User]
) -> None:
    browser = Browser()
    way = _way(browser, cast["provider"])
    with as_company(cast["provider"]):
        end_sign_on(now=timezone.now(), actor=person_of(cast["provider"]))
        assert not SignOn.objects.exists()
    assert browser.get(way).status_code == 404
    page = browser.follow(f"http://{host_of(cast['provider'])}/people/")[1]
    assert "Sign in at" not in page.content.decode()


def test_a_confirmation_needs_the_provider_to_have_asked_anew(
    cast: Any, idp: Provider, linked: User
) -> None:
    browser = Browser()
    browser.follow(_sign_in(browser, cast["provider"], idp, auth_time=1)["Location"])
    way = _way(Browser(), cast["provider"]) + "&confirm=1"
    sent = browser.get(way)
    assert "max_age=0" in sent["Location"]
    idp.shows = {"sub": "sub-1", "email": linked.email, "auth_time": int(time.time()) - 3600}
    back = f"http://{PUBLIC}{idp.answers_browser(sent['Location'])}"
    assert browser.get(back).status_code == 400


def test_the_secret_is_sealed(cast: Any, set_up: Callable[..., SignOn]) -> None:
    assert SECRET not in set_up(cast["provider"]).client_secret


def test_a_director_sets_it_up_on_a_page(
    cast: Any, idp: Provider, client_of: Callable[..., Any], as_company: Any
) -> None:
    client = client_of(cast["provider"])
    assert "No single sign-on yet" in client.get("/company/sign-on/").content.decode()
    typed = {
        "issuer": idp.issuer,
        "client_id": CLIENT,
        "secret": SECRET,
        "domains": "x.example, y.example",
    }
    answer = client.post("/company/sign-on/provider/", typed)
    assert answer.status_code == 302
    page = client.get("/company/sign-on/").content.decode()
    assert "x.example, y.example" in page
    assert SECRET not in page + client.get("/company/sign-on/provider/").content.decode()
    assert client.post("/company/sign-on/provider/", {**typed, "secret": ""}).status_code == 302
    answer = client.post("/company/sign-on/provider/", {**typed, "domains": "not a domain!"})
    assert answer.status_code == 422
    assert client.post("/company/sign-on/ending/").status_code == 302
    assert (
        client_of(cast["provider"], "finance").post("/company/sign-on/ending/").status_code == 403
    )


@pytest.mark.parametrize("position", ["finance", "viewer"])
def test_others_do_not(cast: Any, client_of: Callable[..., Any], position: str) -> None:
    assert (
        client_of(cast["provider"], position).get("/company/sign-on/provider/").status_code == 403
    )


def test_a_provider_that_calls_itself_otherwise_is_refused(
    cast: Any, idp: Provider, set_up: Callable[..., SignOn]
) -> None:
    idp.says = {"issuer": "https://other.example"}
    with pytest.raises(ValidationError, match="another name"):
        set_up(cast["provider"])


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_a_provider_may_not_lead_inside(
    cast: Any, idp: Provider, set_up: Callable[..., SignOn], name: str
) -> None:
    idp.says = {name: "https://169.254.169.254/latest/meta-data/"}
    with pytest.raises(ValidationError, match="no safe address"):
        set_up(cast["provider"])


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Addresses that the guard let through; nothing is really connected to."""
    reached: list[Any] = []

    def connect(address: str, port: int, _seconds: float) -> Any:
        reached.append((address, port))
        raise ConnectionRefusedError

    monkeypatch.setattr(posting, "_opened", connect)
    return reached


def test_no_discovery_at_a_bad_address(
    cast: Any, person_of: Callable[..., User], as_company: Any, connected: list[Any], settings: Any
) -> None:
    settings.PERUSE_DOMAIN = "portal.company.com"
    actor = person_of(cast["provider"])
    for url, _code in BAD_URLS:
        with as_company(cast["provider"]), pytest.raises(ValidationError):
            set_sign_on(
                issuer=url, client_id="x", secret="x", domains=["x.example"], now=timezone.now(),
                actor=actor,
            )  # fmt: skip
        assert connected == [], url


def test_no_discovery_at_a_name_that_leads_inside(
    cast: Any, person_of: Callable[..., User], as_company: Any, connected: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    actor = person_of(cast["provider"])
    for ip in BAD_IPS:
        monkeypatch.setattr(posting, "_lookup", lambda target, ip=ip: [ip])
        with as_company(cast["provider"]), pytest.raises(ValidationError):
            set_sign_on(
                issuer="https://login.company.com", client_id="x", secret="x",
                domains=["x.example"], now=timezone.now(), actor=actor,
            )  # fmt: skip
        assert connected == [], ip


def test_a_public_one_is_connected_to(
    cast: Any, person_of: Callable[..., User], as_company: Any, connected: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The control of the tests above."""
    monkeypatch.setattr(posting, "_lookup", lambda target: ["93.184.216.34"])
    with as_company(cast["provider"]), pytest.raises(ValidationError, match="cannot be reached"):
        set_sign_on(
            issuer="https://login.company.com", client_id="x", secret="x", domains=["x.example"],
            now=timezone.now(), actor=person_of(cast["provider"]),
        )  # fmt: skip
    assert connected == [("93.184.216.34", 443)]
