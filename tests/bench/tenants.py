"""Companies: opening one, a page and memory with a thousand, and a migration that finds nothing to do."""

import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection

from django.conf import settings

from apps.tenancy.operations import open_company
from apps.tenancy.schemas import schemas_behind, tenant_labels
from tests.bench import people, scene
from tests.bench.client import load, request
from tests.bench.figures import LESS, Aim, Findings
from tests.bench.scene import Party
from tests.bench.stage import Stage, Web, timed
from tests.databases import ROOT

MANY = 1_000
# A stand-in has what the check reads: its company, its schema and its list of migrations.
STAND_INS = """
do $$ begin
for n in 1..{count} loop
    execute format('create schema co_stand_in_%s', n);
    execute format('create table co_stand_in_%s.django_migrations '
        '(like co_provider.django_migrations including all)', n);
    execute format('insert into co_stand_in_%s.django_migrations '
        'select * from co_provider.django_migrations', n);
    insert into tenancy_company (schema_name, slug, name, street, postcode, city, country, vat_id,
        email, tax_number, register_entry, contact_name, phone, language, time_zone, currency, state,
        created_at)
    values ('co_stand_in_' || n, 'stand-in-' || n, 'Stand-in', '', '', '', 'DE', '', '', '', '', '', '', 'en',
        'Europe/Berlin', 'EUR', 'active', now());
    insert into tenancy_hostname (domain, is_primary, tenant_id)
    select 'stand-in-' || n || '.{domain}', true, id from tenancy_company where slug = 'stand-in-' || n;
end loop; end $$
"""


def run(stage: Stage) -> Findings:
    """Seconds of each."""
    findings = Findings("Companies")
    number = 30 if stage.full else 3
    opened = [timed(lambda n=n: make(stage, n)) for n in range(number)]
    findings.add("A new company, its schema included", opened, "s", aim=Aim(2, 1, LESS))
    idle = [migrate(stage) for _ in range(3)]
    with closing(stage.owner()) as owner, stage.web() as web:
        page = Page(stage, web, scene.party(owner, "provider"))
        few = page.waits()
        batch = 100
        for first in range(0, MANY, batch):
            numbers = f"{first + 1}..{first + batch}"
            statement = STAND_INS.replace("1..{count}", numbers)
            statement = statement.replace("{domain}", settings.PERUSE_DOMAIN)
            owner.execute(statement)
        many = page.waits()
        findings.add("Home page, median: 1,000 ÷ a handful of companies",
            [one / other for one, other in zip(many, few, strict=True)], "",
            aim=Aim(1.5, 1.1, LESS))  # fmt: skip
        before = web.memory()
        page.knock()
        findings.add("Memory of a web worker after asking for 1,000 companies", web.memory(), "MiB",
            aim=Aim(150, 100, LESS))  # fmt: skip
        findings.add("… of it for them", web.memory() - before, "MiB")
    wanted = tenant_labels()
    findings.add("Finding which of 1,000 companies are behind",
        [timed(lambda: schemas_behind(wanted)) for _ in range(3)], "s")  # fmt: skip
    findings.add("Migrate 1,000 companies with nothing to do, the whole command",
        [migrate(stage) for _ in range(3)], "s", aim=Aim(60, 1, LESS),
        note="all but a few are stand-ins: a schema with its list of migrations, "
        "which is all that this command reads of a company that is up to date")  # fmt: skip
    findings.add("… with a handful of companies, for comparison", idle, "s")
    return findings


class Page:
    """The home page of one company, and a knock at the door of each."""

    def __init__(self, stage: Stage, web: Web, own: Party) -> None:
        self.web, self.slug = web, own.slug
        cookie = f"{settings.SESSION_COOKIE_NAME}={people.session_of(stage, own)}"
        self.home = request("GET", "/", host_of(own.slug), headers=[f"Cookie: {cookie}"])
        load(web.port, [self.home] * 12, 4)

    def waits(self) -> list[float]:
        """Median milliseconds of five rounds."""
        return [load(self.web.port, [self.home] * 40, 1).p50 for _ in range(5)]

    def knock(self) -> None:
        """One request at the host of each stand-in: its company is looked up and remembered."""
        with closing(HTTPConnection("127.0.0.1", self.web.port, timeout=60)) as door:
            for number in range(1, MANY + 1):
                door.request("GET", "/", headers={"Host": host_of(f"stand-in-{number}")})
                door.getresponse().read()


def host_of(slug: str) -> str:
    return f"{slug}.{settings.PERUSE_DOMAIN}"


def make(stage: Stage, number: int) -> None:
    open_company(slug=f"opened-{number}", name="Opened", country="DE", now=stage.now)


def migrate(stage: Stage) -> float:
    command = [sys.executable, "manage.py", "migrate_schemas", "--skip-checks", "-v0"]
    return timed(
        lambda: subprocess.run(command, cwd=ROOT, env=stage.environment("ops"), check=True)
    )
