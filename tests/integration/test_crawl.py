"""Every route as every company: what is not yours does not exist, and nothing of it shows.

The provider's rows carry canaries. A stranger opens every route with the provider's ids and gets the
same 404 as for absent ones; nobody sees a canary that is not theirs; nothing answers 5xx.
"""

import csv
import inspect
import io
import random
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import get_resolver
from django.utils.html import escape

from apps.common.ids import encode
from apps.common.pages import ListPage
from apps.tenancy.models import Company
from tests import poison
from tests.architecture.test_routes import routes
from tests.conftest import make_person, signed_in
from tests.world import CANARY, SHARED_CANARY, build_world

# Parameters of routes that are not ids.
WORDS = {
    "slug": "provider",
    "blueprint": "empty",
    "code": "distance",
    "channel": "distance",
    "charge": "base",
    "position": "1",
}
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
PREFIXES = (
    "ast",
    "aty",
    "ctr",
    "inv",
    "lin",
    "run",
    "rni",
    "usg",
    "dev",
    "ref",
    "dsb",
    "prf",
    "imp",
    "mem",
    "ivt",
    "key",
    "job",
    "grt",
    "bpd",
    "acq",
    "sig",
    "pln",
    "itm",
    "tch",
    "evf",
    "cor",
    "mnt",
    "lif",
    "dcr", "inc", "ina",
    "acc", "prq", "shr", "stp", "trf", "spl", "ptm", "tsg", "sba", "sbr", "stm", "stl", "obj", "oba",
    "bac", "mdt", "sac", "ckr", "exp", "pay", "rfd", "pbt", "pyo", "bkf", "bst", "bke",
    "drq", "rqa", "gsr", "whk", "msg", "wht",
    "rcv", "ccr", "npm", "wof", "dsp", "rem", "pon", "net", "prt", "ans", "cpr", "nsu", "blu", "cov",
    "pls", "dbr", "dbt", "rfq", "arc", "hld", "lca", "pur", "oho", "atr", "atn", "ntf", "nml", "nch",
    "sbs", "spo", "piv", "usr",
)  # fmt: skip


@pytest.fixture(scope="module")
def world(shared_database: str) -> dict[str, Any]:
    companies = {company.slug: company for company in Company.objects.all()}
    return build_world(companies, make_person)


def portal_routes() -> list[str]:
    return [route for route, _view in routes("portal.urls") if "favicon" not in route]


def parameters(route: str) -> list[str]:
    return re.findall(r"<(?:\w+:)?(\w+)>", route)


def filled(route: str, ids: dict[str, str], kinds: Iterable[str] | None = None) -> Iterator[str]:
    """The route's addresses with an id of each kind (all there are); other parameters as WORDS."""
    names = parameters(route)
    pids = re.findall(r"<pid:(\w+)>", route)
    for prefix in (ids if kinds is None else kinds) if pids else [""]:
        path = route
        for name in names:
            value = ids[prefix] if name in pids else WORDS.get(name, "1")
            path = re.sub(rf"<(?:\w+:)?{name}>", value, path)
        yield "/" + path


@pytest.fixture(scope="module")
def fitting(world: dict[str, Any]) -> dict[str, list[str]]:
    return fitting_of(world["ids"])


def fitting_of(ids: dict[str, str]) -> dict[str, list[str]]:
    """By route the kinds of ids it may know, and one other that it must not.

    What a page's owner finds under a parameter fits it on every route. A parameter of actions alone
    is named after its model; one that nothing fits is tried with all.
    """
    by_name = _found_by_the_owner(ids)
    found = {}
    for route in portal_routes():
        kinds = {
            kind for name in parameters(route)
            for kind in by_name.get(name) or _named_like(name) & set(ids)
        }  # fmt: skip
        others = random.Random(route).sample(
            sorted(set(ids) - kinds), min(1, len(ids) - len(kinds))
        )
        found[route] = sorted({*kinds, *others}) if kinds else list(ids)
    return found


def _found_by_the_owner(ids: dict[str, str]) -> dict[str, set[str]]:
    """By parameter the kinds of ids that pages of the provider's director show something of.

    Where the kinds that are named like the parameter show something, no others are looked for.
    """
    client = signed_in(Company.objects.get(slug="provider"), raise_request_exception=False)
    found: dict[str, set[str]] = {}
    for route in portal_routes():
        for name in re.findall(r"<pid:(\w+)>", route)[:1]:
            likely = (found.get(name, set()) | _named_like(name)) & set(ids)
            opened = _opened(client, route, ids, likely)
            if not opened and not found.get(name):
                opened = _opened(client, route, ids, set(ids) - likely)
            for other in re.findall(r"<pid:(\w+)>", route):
                found.setdefault(other, set()).update(opened)
    return found


def _opened(client: Client, route: str, ids: dict[str, str], kinds: Iterable[str]) -> set[str]:
    """The kinds whose id this page shows something of; none where it is no page to look at."""
    opened = set()
    for kind in sorted(kinds):
        answer = client.get(next(filled(route, ids, [kind])))
        assert answer.status_code < 500, (route, kind, answer.status_code)
        if answer.status_code in (401, 403, 405):
            break
        if answer.status_code != 404:
            opened.add(kind)
    return opened


def _named_like(name: str) -> set[str]:
    """Prefixes of the models whose names end like the parameter: `answer_id` of `Answer`."""
    word = name.removesuffix("_id").replace("_", "")
    return {
        model.prefix for model in apps.get_models()
        if getattr(model, "prefix", "") and model._meta.model_name.endswith(word)
    }  # fmt: skip


def absent_ids() -> dict[str, str]:
    return {prefix: encode(prefix, uuid.uuid4()) for prefix in PREFIXES}


def body_of(answer: Any) -> str:
    return "" if getattr(answer, "streaming", False) else answer.content.decode(errors="replace")


def same_but_for_tokens(text: str) -> str:
    """Form tokens and the path itself differ between any two answers."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)
    text = re.sub(r"[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}", "ID", text)
    return re.sub(r'"X-CSRFToken": "\w+"|csrf[^"]*"[^"]*"', "", text)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_strangers_answer_is_the_same_for_foreign_and_absent(
    world: dict[str, Any], cast: dict[str, Any], client_of: Callable[..., Any], method: str,
    fitting: dict[str, list[str]],
) -> None:  # fmt: skip
    client = client_of(cast["stranger"], raise_request_exception=False)
    for route in portal_routes():
        if not re.search(r"<pid:", route):
            continue
        absent = same_but_for_tokens(
            body_of(getattr(client, method)(next(filled(route, absent_ids()))))
        )
        for path in filled(route, world["ids"], fitting[route]):
            answer = getattr(client, method)(path)
            text = body_of(answer)
            assert answer.status_code in (401, 404, 405), (path, answer.status_code)
            assert CANARY not in text, path
            assert SHARED_CANARY not in text, path
            if answer.status_code == 404:
                assert same_but_for_tokens(text) == absent, path


def test_a_stranger_sees_nothing_in_lists(
    world: dict[str, Any], cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["stranger"], raise_request_exception=False)
    for route in portal_routes():
        if parameters(route):
            continue
        for query in ("", "?export=csv", "?q=CANARY"):
            answer = client.get("/" + route + query)
            assert answer.status_code < 500, (route, answer.status_code)
            text = body_of(answer).replace('value="CANARY"', "").replace("“CANARY”", "")
            assert CANARY not in text, route
            assert SHARED_CANARY not in text, route


# The partners see by the same rules as the customer: they are a campaign.
@pytest.mark.parametrize(
    ("slug", "hidden", "shown"),
    [
        ("customer", ("workshop",), SHARED_CANARY),
        pytest.param("maker", ("workshop", "customer"), "Kilometres", marks=pytest.mark.long),
        pytest.param("workshop", ("maker", "customer"), "Kilometres", marks=pytest.mark.long),
    ],
)
def test_neither_customer_nor_partner_learns_of_others_in_a_split(
    world: dict[str, Any], cast: dict[str, Any], client_of: Callable[..., Any],
    fitting: dict[str, list[str]], slug: str, hidden: tuple[str, ...], shown: str,
) -> None:  # fmt: skip
    """The customer sees what is shared with it; the maker and the workshop share one contract's revenue
    and nothing else."""
    client = client_of(cast[slug], raise_request_exception=False)
    seen = ""
    for route in portal_routes():
        for path in filled(route, world["ids"], fitting[route] if "<pid" in route else None):
            answer = client.get(path)
            assert answer.status_code < 500, (path, answer.status_code)
            text = body_of(answer)
            assert slug != "customer" or CANARY not in text, path
            seen += text
    assert not [name for name in hidden if cast[name].name in seen]
    assert shown in seen


# The director opens the same pages with hostile texts in them at each change, further down.
@pytest.mark.long
@pytest.mark.parametrize("position", ["director", "finance", "technician", "viewer"])
def test_the_owner_never_meets_an_error(
    world: dict[str, Any], cast: dict[str, Any], client_of: Callable[..., Any], position: str,
    fitting: dict[str, list[str]],
) -> None:  # fmt: skip
    client = client_of(cast["provider"], position, raise_request_exception=False)
    opened = 0
    for route in portal_routes():
        for path in filled(route, world["ids"], fitting[route]):
            answer = client.get(path)
            assert answer.status_code < 500, (path, answer.status_code)
            opened += answer.status_code == 200
    assert opened > 15


def test_who_is_not_signed_in_is_sent_to_sign_in(
    world: dict[str, Any], cast: dict[str, Any], settings: Any, fitting: dict[str, list[str]]
) -> None:
    client = Client(HTTP_HOST=f"provider.{settings.PERUSE_DOMAIN}", raise_request_exception=False)
    for route in portal_routes():
        # Who asks is looked at before what is asked for: one id stands for all.
        for path in filled(route, world["ids"], fitting[route][:1]):
            for method in ("get", "post"):
                answer = getattr(client, method)(path)
                assert answer.status_code < 500, path
                text = body_of(answer)
                assert CANARY not in text, path
                assert SHARED_CANARY not in text, path


def test_unknown_hosts_and_odd_hosts_are_plain_404(db: None) -> None:
    for host in (
        "nobody.peruse.localhost",
        "evil.example",
        "provider.peruse.localhost.evil.example",
        "[::1]",
        "provider_.peruse.localhost",
        "a" * 300,
    ):
        answer = Client(HTTP_HOST=host, raise_request_exception=False).get("/")
        assert answer.status_code in (400, 404), host


def test_every_route_is_known_to_the_resolver(db: None) -> None:
    assert len(list(get_resolver("portal.urls").reverse_dict)) > 20


MARKUP = ("text/html", "image/svg+xml", "application/xml", "text/xml", "application/xhtml+xml")


def opened_by(
    client: Client, world: dict[str, Any], fitting: dict[str, list[str]], chosen: Iterable[str],
    query: str = "",
) -> Iterator[tuple[str, Any]]:  # fmt: skip
    for route in chosen:
        for path in filled(route, world["ids"], fitting[route]):
            answer = client.get(path + query)
            if answer.status_code == 200 or answer.status_code >= 500:
                yield path, answer


def test_no_page_lets_a_text_run(
    world: dict[str, Any], cast: dict[str, Any], fitting: dict[str, list[str]], shared_database: str
) -> None:
    """The small edition of tests/browser/test_poison.py, which lets a browser judge."""
    client = signed_in(cast["provider"], raise_request_exception=False)
    wrong, marked = [], 0
    with poison.poisoned(shared_database):
        for path, answer in opened_by(client, world, fitting, portal_routes()):
            wrong += [f"{path}: {answer.status_code}"] if answer.status_code >= 500 else []
            if answer.headers["Content-Type"].startswith(MARKUP):
                text = body_of(answer)
                marked += bool(poison.MARK.search(text))
                wrong += [f"{path}: {one}" for one in poison.active(text)]
    assert wrong == []
    assert marked > 80


def test_a_text_that_runs_is_seen() -> None:
    """The control: each payload as it is, in a text, in a value and in a link."""
    for payload in poison.PAYLOADS:
        pages = (f"<p>{payload}</p>", f"<a href='{payload}'>", f'<i title="{payload}">')
        assert any(poison.active(page) for page in pages), payload
        assert poison.active(f'<p>{escape(payload)}</p><i title="{escape(payload)}">') == [], (
            payload
        )


def formula(start: int, most: int) -> str:
    """What a spreadsheet would run; short enough for every field."""
    return ("=1+pu07", "+1+pu07", "-1+pu07", "@pu07", "\t=pu07", "\r=pu07")[start % 6][:most]


def active_cells(text: str) -> list[str]:
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    return [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def writes_sheets(view: Any) -> bool:
    """A list, or a view that answers with CSV itself."""
    found = inspect.unwrap(getattr(view, "view_class", view))
    return "csv_response" in inspect.getsource(found) or issubclass(
        getattr(view, "view_class", object), ListPage
    )


def exported(
    client: Client, world: dict[str, Any], fitting: dict[str, list[str]]
) -> dict[str, str]:
    """Every CSV that a page writes, by its path."""
    chosen = [route for route, view in routes("portal.urls") if writes_sheets(view)]
    answers = list(opened_by(client, world, fitting, chosen, "?export=csv"))
    assert {answer.headers["Content-Type"] for _path, answer in answers} == {
        "text/csv; charset=utf-8"
    }
    return {path: body_of(answer) for path, answer in answers}


def test_no_export_carries_a_formula(
    world: dict[str, Any], cast: dict[str, Any], fitting: dict[str, list[str]], shared_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    client = signed_in(cast["provider"], raise_request_exception=False)
    with poison.poisoned(shared_database, pack=formula):
        files = exported(client, world, fitting)
        # The control: without the writer's care the same files carry them.
        monkeypatch.setattr("apps.common.spreadsheets.neutral", str)
        careless = exported(client, world, fitting)
    assert len(files) > 30
    wrong = [cell for text in files.values() for cell in active_cells(text)]
    assert [cell for cell in wrong if not NUMBER.fullmatch(cell)] == []
    assert sum("pu07" in text for text in files.values()) > 20
    assert sum(bool(active_cells(text)) for text in careless.values()) > 20
