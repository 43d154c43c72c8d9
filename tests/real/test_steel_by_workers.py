"""Half a year of a steel works, billed by real worker processes: six runs, six invoices."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Portal
from tests.real.invoicing import evidence, issue, verify
from tests.real.test_energy_steel import FILE, MAPPING, MONTHS
from tests.real.test_steel_invoices import PLAN, by_hand
from tests.serving import Serving, serving

pytestmark = [pytest.mark.real, pytest.mark.long]

SCENARIO = {
    "format": 1,
    "asset_types": [
        {
            "company": "provider", "name": "Electricity meter",
            "channels": [
                {"code": "energy", "title": "Energy", "kind": "delta", "unit": "kW.h",
                 "expected_interval_seconds": 900}
            ],
        }
    ],
    "assets": [
        {"company": "provider", "type": "Electricity meter", "name": "Main meter",
         "serial": "STEEL-1", "provider": "provider", "customer": "customer"}
    ],
    "import_profiles": [{"company": "provider", "name": "steel", "mapping": MAPPING}],
    "contracts": [
        {"provider": "provider", "customer": "customer", "title": "Energy",
         "starts_on": "2018-01-01", "time_zone": "Asia/Seoul", "state": "active",
         "items": [{"asset": "STEEL-1", "channel": "energy", "meter": "energy"}], "plan": PLAN}
    ],
}  # fmt: skip
PATIENCE = 60.0


@pytest.fixture
def works(fresh_database: Portal, recording: Any, tmp_path: Path) -> Portal:
    """The contract in force and the recording imported, by the commands anyone has."""
    path = recording(FILE)
    scenario = tmp_path / "steel.yaml"
    scenario.write_text(json.dumps(SCENARIO))
    fresh_database.manage("load_scenario", str(scenario), login="ops")
    words = ("--company", "provider", "--profile", "steel", "--json")
    told = json.loads(fresh_database.manage("import_readings", str(path), *words).stdout)
    assert (told["state"], told["accepted"]) == ("done", 17376)
    return fresh_database


@pytest.fixture
def workers(works: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """The portal's processes; commands started while they run ring at their broker."""
    with serving(works.database, tmp_path / "portal.log") as running:
        monkeypatch.setenv("CELERY_BROKER_URL", running.broker)
        yield running


def wait_for_jobs(log: Path) -> None:
    """Until no job waits or runs any more."""
    from apps.events.models import Job

    open_jobs = Job.objects.filter(state__in=[Job.State.WAITING, Job.State.RUNNING])
    ours = open_jobs.filter(kind__startswith="billing.")
    deadline = time.monotonic() + PATIENCE
    while ours.exists():
        left = list(ours.values_list("kind", "state", "error"))
        assert time.monotonic() < deadline, f"{left}\n{log.read_text()[-3000:]}"
        time.sleep(0.3)


def test_six_months_by_celery(
    works: Portal, workers: Serving, cast: dict[str, Any], as_company: Any, tmp_path: Path
) -> None:
    from apps.billing.models import BillingRun, Invoice
    from apps.events.models import Job

    for month in MONTHS:
        words = ("--company", "provider", "--period", month, "--queue")
        works.manage("run_billing", *words)
    with as_company(cast["provider"]):
        wait_for_jobs(workers.log)
        assert list(BillingRun.objects.values_list("state", flat=True)) == ["done"] * 6
        chunks = Job.objects.filter(kind="billing.chunk")
        assert set(chunks.values_list("state", flat=True)) == {"done"}
        drafts = list(Invoice.objects.order_by("period_start"))
        assert [draft.net_minor for draft in drafts] == [sum(by_hand(q)) for q in MONTHS.values()]
        issue(drafts, datetime.now(UTC))
        wait_for_jobs(workers.log)
        for invoice, quantity in zip(
            Invoice.objects.order_by("period_start"), MONTHS.values(), strict=True
        ):
            assert invoice.state == "issued"
            lines = invoice.lines.all()
            assert sum((line.quantity for line in lines), Decimal(0)) == quantity
            assert verify(evidence(invoice), cast["provider"], tmp_path).status == 0
