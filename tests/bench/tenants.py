"""Companies: opening one, migrating all, a page and memory, with ten, a hundred and a thousand of them."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

from apps.tenancy.context import as_owner
from apps.tenancy.dumps import dump
from apps.tenancy.models import Company
from apps.tenancy.operations import open_company
from apps.tenancy.schemas import migrations_of, schemas_behind, tenant_labels
from tests.bench import people, scene
from tests.bench.client import load, request
from tests.bench.figures import LESS, Aim, Findings
from tests.bench.stage import Stage, timed
from tests.databases import ROOT

SIZES = (10, 100, 1_000)
MEASURED = 10  # the last companies opened before each measurement
BEHIND = 100  # companies that lack a migration, at most
ASKED = 50  # companies whose home is opened


def run(stage: Stage) -> Findings:
    """Seconds, milliseconds and bytes at each size."""
    findings = Findings("Companies")
    for size in SIZES[:1] if stage.quick else SIZES:
        opened = grow(stage, size)
        print(f"  {size:,} companies", flush=True)
        measure(stage, findings, size, opened[-MEASURED:])
    return findings


def grow(stage: Stage, size: int) -> list[float]:
    """Seconds of each company that is opened until there are so many."""
    numbers = range(Company.objects.count(), size)
    return [timed(lambda n=n: make(stage, n)) for n in numbers]


def make(stage: Stage, number: int) -> None:
    open_company(slug=f"opened-{number}", name="Opened", country="DE", now=stage.now)


def measure(stage: Stage, findings: Findings, size: int, opened: Sequence[float]) -> None:
    with_so_many = f"with {size:,} companies"
    findings.add(f"A new company, its schema included, {with_so_many}", opened, "s",
        aim=Aim(2, 1, LESS))  # fmt: skip
    wanted = tenant_labels()
    findings.add(f"Finding which are behind, {with_so_many}",
        [timed(lambda: schemas_behind(wanted)) for _ in range(3)], "s")  # fmt: skip
    findings.add(f"Migrate all with nothing to do, the whole command, {with_so_many}",
        [migrate(stage) for _ in range(3)], "s", aim=Aim(60, 1, LESS))  # fmt: skip
    behind = min(size, BEHIND)
    put_behind(behind)
    findings.add(f"Migrate {behind} that lack one migration, {with_so_many}", migrate(stage), "s")
    assert schemas_behind(wanted) == []
    pages(stage, findings, with_so_many)
    storage(stage, findings, size, with_so_many)


def put_behind(count: int) -> None:
    """Take the last migration back in so many schemas."""
    from django.core.management import call_command

    (label,) = tenant_labels()
    before_last = sorted(name for _label, name in migrations_of(label))[-2]
    for company in Company.objects.order_by("pk")[:count]:
        with as_owner():
            call_command(
                "migrate_schemas", label, before_last, schema_name=company.schema_name,
                verbosity=0, skip_checks=True,
            )  # fmt: skip


def migrate(stage: Stage) -> float:
    command = [sys.executable, "manage.py", "migrate_schemas", "--skip-checks", "-v0"]
    return timed(
        lambda: subprocess.run(
            command, cwd=ROOT, env=stage.environment("ops"), check=True, stdout=subprocess.DEVNULL
        )
    )


def pages(stage: Stage, findings: Findings, with_so_many: str) -> None:
    """Homes of companies all over the list, each for the first time, then again."""
    slugs = list(Company.objects.order_by("pk").values_list("slug", flat=True))
    asked = [home(stage, slug) for slug in slugs[:: max(1, len(slugs) // ASKED)]]
    with stage.web() as web:
        load(web.port, asked[:1] * 12, 4)
        first, again = load(web.port, asked, 1), load(web.port, asked * 3, 1)
        findings.add(f"Home, each company's first, {with_so_many}: median", first.p50, "ms")
        findings.add(f"Home, {len(asked)} companies in turn, {with_so_many}: p95", again.p95, "ms",
            aim=Aim(50, 25, LESS))  # fmt: skip
        findings.add(f"Memory of a web worker after these, {with_so_many}", web.memory(), "MiB",
            aim=Aim(150, 100, LESS))  # fmt: skip


@cache
def home(stage: Stage, slug: str) -> bytes:
    """What the company's director asks for."""
    from django.conf import settings

    with closing(stage.owner()) as owner:
        own = scene.party(owner, slug)
    cookie = f"{settings.SESSION_COOKIE_NAME}={people.session_of(stage, own)}"
    host = f"{slug}.{settings.PERUSE_DOMAIN}"
    return request("GET", "/", host, headers=[f"Cookie: {cookie}", "Accept: text/html"])


def storage(stage: Stage, findings: Findings, size: int, with_so_many: str) -> None:
    with closing(stage.owner()) as owner:
        row = owner.execute("select pg_database_size(current_database())").fetchone()
    assert row is not None
    findings.add(f"On disk for each company without readings, {with_so_many}",
        row[0] / size / 2**20, "MiB")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "whole.dump"
        findings.add(f"A backup of the whole, {with_so_many}", timed(lambda: dump(path)), "s")
