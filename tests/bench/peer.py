"""The invoice run beside Tryton's: invoices with a number posted a second, one process each."""

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

from apps.billing.models import Invoice
from apps.billing.operations import approve_invoices, issue_invoices
from apps.tenancy.context import company_context
from tests.bench import people, scene
from tests.bench.billing import Billing
from tests.bench.contracts import make_contracts
from tests.bench.figures import Aim, Findings, ratios
from tests.bench.profile import profile_of
from tests.bench.stage import Stage
from tests.databases import ROOT

SCRIPT = Path(os.environ.get("PEER_SCRIPT", ROOT.parent / "shared/bench/peer_tryton.sh"))
OURS = 2_000


def run(stage: Stage) -> Findings:
    """Ours and theirs in turn; each of the peer's runs is on a fresh database of its own."""
    findings = Findings("Peer")
    reason = missing()
    if reason:
        findings.skipped.append(f"Tryton: {reason}")
        return findings
    ours, theirs = [], []
    with closing(stage.owner()) as owner:
        provider, customer = scene.party(owner, "provider"), scene.party(owner, "customer")
        make_contracts(owner, provider, customer, OURS, stage.now)
        company = people.company_of(provider)
        with company_context(company):
            bench = Billing(stage, Findings(""), owner, company, OURS)
            for _ in range(1 if stage.quick else 3):
                ours.append(posted(stage, bench))
                theirs.append(tryton())
            bench.alone(OURS)
            title = f"{OURS:,} drafts approved (each document judged) and issued, in one process"
            findings.profiles[title] = profile_of(lambda: numbered(stage))
    findings.add("Invoices with a number ÷ Tryton's posted invoices, one process each",
        ratios(ours, theirs), "×", aim=Aim(100, 400))  # fmt: skip
    findings.add("… ours: run, approve and issue", ours, "/s")
    findings.add("… Tryton: usage to posted invoice", theirs, "/s")
    return findings


def missing() -> str:
    """What the peer needs and this machine lacks."""
    if not SCRIPT.exists():
        return "its script is not beside this checkout"
    installed = shutil.which("pg_config") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not (os.environ.get("PEER_PG_URI") or installed):
        return "it needs a PostgreSQL it can reach by TCP: set PEER_PG_URI (see its README)"
    return ""


def posted(stage: Stage, bench: Billing) -> float:
    """Our invoices a second, from the run to their numbers, one worker process."""
    seconds = bench.alone(OURS)
    start = time.perf_counter()
    return numbered(stage) / (seconds + time.perf_counter() - start)


def numbered(stage: Stage) -> int:
    """All drafts approved and issued; how many."""
    drafted = list(Invoice.objects.values_list("id", flat=True))
    approve_invoices(invoices=drafted, now=stage.now, approved_by="bench")
    issue_invoices(invoices=drafted, now=stage.now, issued_by="bench")
    return len(drafted)


def tryton() -> float:
    """The peer's posted invoices a second, as its script says."""
    # The folder is kept: building the peer and its empty database takes minutes.
    folder = Path(tempfile.gettempdir()) / "peruse-bench-peer"
    environment = {**os.environ, "PEER_RUNS": "1", "PEER_DIR": str(folder)}
    done = subprocess.run(
        ["bash", str(SCRIPT)], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    words = dict(word.split("=", 1) for word in done.stdout.split() if "=" in word)
    return float(words["posted_per_s"])
