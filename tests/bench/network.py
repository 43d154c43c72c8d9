"""A value network of 40 companies with 5,000 assets over three years: what its pages cost.

The last month is billed and settled by the portal itself, the months before are that month moved back.
"""

from contextlib import closing
from typing import Any

import psycopg

from apps.common.ids import encode
from apps.tenancy.context import company_context
from tests.bench import people, scene
from tests.bench.client import Load, load, request
from tests.bench.contracts import make_contracts
from tests.bench.figures import LESS, Aim, Findings
from tests.bench.pages import real_queries
from tests.bench.past import make_past, unguarded
from tests.bench.scene import Party
from tests.bench.settlement import issue_all, make_splits
from tests.bench.stage import Stage, days

COMPANIES, ASSETS, CONTRACTS, MONTHS = 40, 5_000, 500, 36
FIRST = 1_000  # keys of the companies that the cast does not have

COMPANY = """
insert into tenancy_company select r.* from tenancy_company t, lateral
    jsonb_populate_record(t, jsonb_build_object('id', %(id)s::int, 'slug', %(slug)s::text,
        'schema_name', %(slug)s::text, 'name', %(name)s::text)) r where t.id = %(of)s
"""
NETWORK = """
insert into networks_valuenetwork (id, author_id, parties, name, purpose, members_meet, founder_name,
    founded_at) values (%(id)s, %(own)s, %(parties)s, 'Presses by the cycle', '', false, %(name)s,
    %(now)s)
"""
MEMBER = """
insert into networks_participation (id, author_id, parties, network_id, company_id, company_name, role,
    state, invited_at, joined_at) values (gen_random_uuid(), %(own)s, %(parties)s, %(id)s, %(company)s,
    %(name)s, %(role)s, 'active', %(now)s, %(now)s)
"""
# Of the n-th asset and contract: whose it is.
HELD = [
    """update assets_asset a set customer_id = h.company, manufacturer_id = %(maker)s,
        owner_id = %(bank)s, parties = array[%(own)s, h.company, %(maker)s, %(bank)s]
    from held h where a.id = h.asset""",
    """update contracts_contract c set customer_id = h.company, customer_name = h.name,
        network_id = %(network)s, parties = array[%(own)s, h.company]
    from held h where c.id = h.contract""",
    """update contracts_contractitem i set parties = array[%(own)s, h.company]
    from held h where i.contract_id = h.contract""",
    """update contracts_planversion i set parties = array[%(own)s, h.company]
    from held h where i.contract_id = h.contract""",
    """update metering_meteringorder o set customer_id = h.company
    from held h where o.contract_id = h.contract""",
]
PROVIDER_PAGES = (
    "home", "network_detail", "network_map", "asset_list", "asset_detail", "contract_list", "contract_detail",
    "invoice_list", "receivable_list", "money_home", "share_list", "settled_list", "transfer_list",
)  # fmt: skip


def run(stage: Stage) -> Findings:
    """p95 of the pages of each side, alone and with four clients, and their queries."""
    findings = Findings(f"A network of {COMPANIES} companies, {ASSETS:,} assets, three years")
    months = 6 if stage.quick else MONTHS
    with closing(stage.owner()) as owner:
        parties = {name: scene.party(owner, name) for name in
                   ("provider", "customer", "maker", "financier")}  # fmt: skip
        own, company = parties["provider"], people.company_of(parties["provider"])
        make_contracts(owner, own, parties["customer"], CONTRACTS, stage.now, assets=ASSETS)
        network = found_network(owner, parties, stage)
        make_splits(owner, own, CONTRACTS, stage)
        with company_context(company):
            settle(issue_all(stage), stage)
    with unguarded(stage) as admin:
        make_past(admin, months - 1)
    with stage.web() as web:
        measure(stage, findings, web, parties, network)
    return findings


def settle(documents: list[Any], stage: Stage) -> None:
    from apps.settlement.operations import settle_documents

    settle_documents(document_ids=documents, now=stage.now)


def found_network(owner: psycopg.Connection[Any], parties: dict[str, Party], stage: Stage) -> Any:
    """The members, each in a role; customers share the assets and contracts among them."""
    own, customer = parties["provider"], parties["customer"]
    customers = [customer, *more_companies(owner, customer, COMPANIES - len(parties))]
    members = [(own, "provider"), (parties["maker"], "manufacturer"),
               (parties["financier"], "owner"), *((one, "customer") for one in customers)]  # fmt: skip
    network = scene.key("network", own.id, 1)
    given = {"id": network, "own": own.id, "now": stage.now - days(3 * 365), "name": own.name}
    owner.execute(NETWORK, {**given, "parties": [one.id for one, _role in members]})
    for one, role in members:
        row = {"company": one.id, "name": one.name, "role": role, "parties": [own.id, one.id]}
        owner.execute(MEMBER, {**given, **row})
    with unguarded(stage) as admin:
        hand_out(admin, parties, customers, network)
    return network


def more_companies(owner: psycopg.Connection[Any], like: Party, count: int) -> list[Party]:
    """Customers without a portal of their own making: nobody signs in there."""
    found = []
    for number in range(FIRST, FIRST + count):
        one = Party(number, f"plant{number}", f"plant{number}", f"Plant {number} GmbH")
        owner.execute(COMPANY, {"id": one.id, "slug": one.slug, "name": one.name, "of": like.id})
        found.append(one)
    return found


def hand_out(
    owner: psycopg.Connection[Any], parties: dict[str, Party], customers: list[Party], network: Any
) -> None:
    """In turn to each customer."""
    own = parties["provider"]
    owner.execute("create temporary table held (asset uuid, contract uuid, company int, name text)")
    rows = [
        (scene.key("asset", own.id, n), scene.key("contract", own.id, n),
         customers[n % len(customers)].id, customers[n % len(customers)].name)
        for n in range(1, ASSETS + 1)
    ]  # fmt: skip
    with owner.cursor() as cursor:
        cursor.executemany("insert into held values (%s, %s, %s, %s)", rows)
    given = {"own": own.id, "maker": parties["maker"].id, "bank": parties["financier"].id,
             "network": network}  # fmt: skip
    for statement in HELD:
        owner.execute(statement, given)
    scene.analyse(owner, ["assets_asset", "contracts_contract", "contracts_contractitem"])


def measure(
    stage: Stage, findings: Findings, web: Any, parties: dict[str, Party], network: Any
) -> None:
    sides = [("provider", name) for name in PROVIDER_PAGES]
    sides += [("customer", "home"), ("customer", "invoice_list"), ("maker", "home"),
              ("maker", "share_list"), ("financier", "home"), ("financier", "money_home")]  # fmt: skip
    sessions = {slug: people.session_of(stage, one) for slug, one in parties.items()}
    number = 40 if stage.quick else 100
    for slug, name in sides:
        path = path_of(parties[slug], name, network)
        asked = prepared(parties[slug], sessions[slug], path)
        load(web.port, [asked] * 12, 4)
        title = f"{slug}, {name.replace('_', ' ')}"
        one, four = load(web.port, [asked] * number, 1), load(web.port, [asked] * 2 * number, 4)
        add_figures(findings, title, one, four, queries(parties[slug], sessions[slug], path))
    findings.add("Memory of a web worker after all pages", web.memory(), "MiB",
        aim=Aim(150, 100, LESS))  # fmt: skip


def add_figures(findings: Findings, title: str, one: Load, four: Load, asked: int) -> None:
    findings.add(f"{title}: p95, one client", one.p95, "ms", aim=Aim(50, 25, LESS))
    findings.add(f"{title}: p95, four clients", four.p95, "ms", aim=Aim(100, 60, LESS))
    findings.add(f"{title}: queries", float(asked), "", aim=Aim(12, 6, LESS))


def path_of(own: Party, name: str, network: Any) -> str:
    from django.urls import reverse

    ids = {
        "network_detail": encode("net", network), "network_map": encode("net", network),
        "asset_detail": scene.asset_id(own.id, 3),
        "contract_detail": encode("ctr", scene.key("contract", own.id, 3)),
    }  # fmt: skip
    return reverse(name, args=[ids[name]] if name in ids else [])


def prepared(own: Party, session: str, path: str) -> bytes:
    from django.conf import settings

    headers = [f"Cookie: {settings.SESSION_COOKIE_NAME}={session}", "Accept-Language: en",
               "Accept: text/html"]  # fmt: skip
    return request("GET", path, f"{own.slug}.{settings.PERUSE_DOMAIN}", headers=headers)


def queries(own: Party, session: str, path: str) -> int:
    """Of the page in this process, when everything that is remembered is remembered."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(HTTP_HOST=f"{own.slug}.{settings.PERUSE_DOMAIN}")
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        if client.get(path).status_code != 200:
            raise RuntimeError(path)
    return len(real_queries([query["sql"] for query in captured.captured_queries]))
