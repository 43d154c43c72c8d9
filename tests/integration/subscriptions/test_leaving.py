"""A company takes its data along: all it sees, nothing of others, no secret."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage

from apps.accounts.operations import make_key
from apps.events.models import Job
from apps.events.operations import JobTaken, run_waiting_jobs
from apps.events.operations.jobs import LEASE
from apps.subscriptions.operations import leaving
from apps.subscriptions.operations.leaving import start_leaving_export
from apps.subscriptions.queries import exports_asked
from apps.tenancy.context import company_context
from apps.tenancy.models import Company
from tests.conftest import make_person, signed_in
from tests.leases import STEP, WantedClock, claimed
from tests.world import CANARY, NOW, build_world


@pytest.fixture(scope="module")
def companies(shared_database: str) -> dict[str, Any]:
    found = {company.slug: company for company in Company.objects.all()}
    build_world(found, make_person)
    return found


def written(company: Any) -> tuple[zipfile.ZipFile, Any]:
    with company_context(company):
        _key, secret = make_key(name="secret", scope="intake", now=NOW, actor="Anna")
        start_leaving_export(now=NOW, actor="Anna")
        assert start_leaving_export(now=NOW, actor="Anna") is None
        run_waiting_jobs(now=NOW)
        job = exports_asked().first()
    assert job is not None
    assert job.state == "done", job.error
    answer = signed_in(company).get(job.result["url"])
    assert answer.status_code == 200
    pack = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert secret not in everything(pack)
    return pack, job


def everything(pack: zipfile.ZipFile) -> str:
    return "".join(pack.read(name).decode("utf-8", "replace") for name in pack.namelist())


def test_all_a_company_sees_and_its_documents(companies: dict[str, Any]) -> None:
    pack, job = written(companies["provider"])
    listed = json.loads(pack.read("contents.json"))
    names = {part["name"]: part for part in listed["tables"]}
    assert {"tables/shared/contracts_contract.jsonl", "tables/shared/billing_invoice.jsonl"} <= set(
        names
    )
    assert any(name.startswith("tables/own/telemetry_") for name in names)
    assert listed["documents"]
    for part in [*listed["tables"], *listed["documents"]]:
        assert hashlib.sha256(pack.read(part["name"])).hexdigest() == part["sha256"]
    rows = [
        json.loads(line)
        for line in pack.read("tables/shared/contracts_contract.jsonl").splitlines()
    ]
    assert len(rows) == names["tables/shared/contracts_contract.jsonl"]["rows"]
    assert CANARY in everything(pack)
    keys = pack.read("tables/shared/accounts_apikey.jsonl").decode()
    assert "secret_hash" not in keys
    assert job.result["rows"] == sum(part["rows"] for part in listed["tables"])


def test_nothing_of_others(companies: dict[str, Any]) -> None:
    pack, _job = written(companies["stranger"])
    assert CANARY not in everything(pack)
    assert "ZX-SHARED" not in everything(pack)
    own = companies["stranger"].pk
    for name in pack.namelist():
        if name.startswith("tables/shared/"):
            for line in pack.read(name).splitlines():
                assert own in json.loads(line)["parties"], name


def test_only_who_manages_the_plan_and_only_of_the_own_company(
    companies: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    _pack, job = written(companies["maker"])
    assert signed_in(companies["maker"], "viewer").get(job.result["url"]).status_code == 403
    assert signed_in(companies["stranger"]).get(job.result["url"]).status_code == 404
    page = signed_in(companies["maker"]).get("/plan/exports/").content.decode()
    assert job.result["url"] in page


def test_an_export_longer_than_a_lease_stays_its_workers(
    companies: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "PAGE", 2)
    with company_context(companies["provider"]):
        job = start_leaving_export(now=NOW, actor="Anna")
        assert job is not None
        held = claimed(job, NOW)
        clock = WantedClock(held, NOW)
        result = leaving.write_leaving_export(job=held, now=NOW, clock=clock)
        row = Job.objects.get(pk=job.pk)
    assert clock.true - NOW > STEP * (result["rows"] // 2 + result["documents"])
    assert row.attempts == 1, "another worker took it"
    assert (row.lease_until, row.progress_done) == (clock.true + LEASE, row.progress_total)
    with zipfile.ZipFile(default_storage.open(result["file"])) as pack:
        assert pack.testzip() is None
        listed = json.loads(pack.read("contents.json"))["tables"]
        for part in listed:
            assert len(set(pack.read(part["name"]).splitlines())) == part["rows"], part["name"]


def test_a_job_that_counts_from_its_beginning_is_taken(companies: dict[str, Any]) -> None:
    """Positive control: the lease is what keeps the job, and the clock what keeps the lease."""
    with company_context(companies["provider"]):
        job = start_leaving_export(now=NOW, actor="Anna")
        assert job is not None
        held = claimed(job, NOW)
        with pytest.raises(JobTaken):
            leaving.write_leaving_export(
                job=held, now=NOW, clock=WantedClock(held, NOW, stands=True)
            )


def test_it_is_written_where_it_will_lie(
    companies: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder for temporary files may be memory, and is not there at all here."""
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    _pack, job = written(companies["provider"])
    assert default_storage.listdir("provider/drafts") == ([], [])
    assert default_storage.size(job.result["file"]) == job.result["bytes"]
