"""Companies: opening one, and a migration that finds nothing to do."""

import subprocess
import sys
from contextlib import closing

from apps.tenancy.operations import open_company
from apps.tenancy.schemas import schemas_behind, tenant_labels
from tests.bench.figures import LESS, Aim, Findings
from tests.bench.stage import Stage, timed
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
end loop; end $$
"""


def run(stage: Stage) -> Findings:
    """Seconds of each."""
    findings = Findings("Companies")
    number = 30 if stage.full else 3
    opened = [timed(lambda n=n: make(stage, n)) for n in range(number)]
    findings.add("A new company, its schema included", opened, "s", aim=Aim(2, 1, LESS))
    idle = [migrate(stage) for _ in range(3)]
    with closing(stage.owner()) as owner:
        batch = 100
        for first in range(0, MANY, batch):
            statement = STAND_INS.replace("1..{count}", f"{first + 1}..{first + batch}")
            owner.execute(statement)
    wanted = tenant_labels()
    findings.add("Finding which of 1,000 companies are behind",
        [timed(lambda: schemas_behind(wanted)) for _ in range(3)], "s")  # fmt: skip
    findings.add("Migrate 1,000 companies with nothing to do, the whole command",
        [migrate(stage) for _ in range(3)], "s", aim=Aim(60, 1, LESS),
        note="all but a few are stand-ins: a schema with its list of migrations, "
        "which is all that this command reads of a company that is up to date")  # fmt: skip
    findings.add("… with a handful of companies, for comparison", idle, "s")
    return findings


def make(stage: Stage, number: int) -> None:
    open_company(slug=f"opened-{number}", name="Opened", country="DE", now=stage.now)


def migrate(stage: Stage) -> float:
    command = [sys.executable, "manage.py", "migrate_schemas", "--skip-checks", "-v0"]
    return timed(
        lambda: subprocess.run(command, cwd=ROOT, env=stage.environment("ops"), check=True)
    )
