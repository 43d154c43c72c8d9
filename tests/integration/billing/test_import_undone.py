"""A file that was read in the wrong time zone: undone after it was billed, imported again, billed right."""

import io
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import connection

from apps.assets.models import Asset
from apps.billing.models import Invoice, InvoiceLine
from apps.events.models import AuditRow
from apps.events.operations import run_waiting_jobs
from apps.metering.models import UsageRecord
from apps.metering.queries.readings import readings_of
from apps.telemetry.models import ImportProfile, ImportRun
from apps.telemetry.operations import import_tally, import_undo, recompute_dirty, start_import
from apps.telemetry.operations.import_undo import look_at_undo, start_undo, undo_import
from apps.telemetry.operations.imports import save_profile, upload_file
from apps.telemetry.views import imports
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import NOW, make_asset, make_contract, send
from tests.integration.billing.test_corrections import issue_corrections

LATER = NOW + timedelta(days=1)
LAST = NOW + timedelta(days=2)
# In Berlin the last reading is October's; read as UTC it is November's.
FILE = "time,cycles\n2026-10-05 00:00,1010\n2026-10-10 10:00,1020\n2026-10-31 23:30,1055\n"


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def mapping(zone: str) -> dict[str, Any]:
    return {
        "asset": "Press 1", "time": {"columns": ["time"], "zone": zone},
        "columns": [{"column": "cycles", "channel": "cycles"}],
    }  # fmt: skip


@pytest.fixture
def press(provider: Any) -> Asset:
    """Two readings were there before the file; one of them stands in it too."""
    asset = make_asset(provider)
    before = NOW - timedelta(days=1)
    send(
        provider, asset, ("2026-09-30T20:00:00Z", "1000"), ("2026-10-05T00:00:00Z", "1010"),
        now=before,
    )  # fmt: skip
    return asset


def imported(now: Any, zone: str) -> ImportRun:
    """The file read in a zone, in the entered company."""
    profile = ImportProfile.objects.filter(name="press").first()
    profile = save_profile(name="press", mapping=mapping(zone), now=now, profile=profile)
    run = upload_file(
        profile=profile, file=io.BytesIO(FILE.encode()), file_name="october.csv", now=now
    )
    start_import(run=run, now=now)
    settle(now)
    run.refresh_from_db()
    return run


def settle(now: Any) -> None:
    run_waiting_jobs(now=now)
    recompute_dirty(now=now)
    run_waiting_jobs(now=now + timedelta(seconds=10))


@pytest.fixture
def wrong(provider: Any, customer: Any, press: Asset) -> ImportRun:
    make_contract(provider, customer, [press])
    with company_context(provider):
        return imported(NOW, "UTC")


def stored() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("select measured_at, value from telemetry_level order by 1")
        return [(f"{at:%m-%dT%H:%M}", int(value)) for at, value in cursor.fetchall()]


def test_what_a_file_brought_is_withdrawn_and_bills_are_put_right(
    provider: Any, wrong: ImportRun, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "timezone", SimpleNamespace(now=lambda: LATER))
    assert (wrong.accepted, wrong.duplicates) == (2, 1)
    bill(provider)
    (invoice,) = issue_all(provider)
    assert invoice.net_minor == 10000 + 134  # 20 cycles; November has the other 35
    client, address = client_of(provider), f"/imports/{wrong.public_id}/withdrawal/"
    page = client.get(address).text
    assert "2 readings would be withdrawn" in page
    part = page.split("<main", 1)[1].split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert "1 recorded period rests on these days" in client.get(part).text
    assert "Presses by the cycle" in client.get(part).text
    assert client.post(address, {"reason": ""}).status_code == 422
    for _ in range(2):
        assert client.post(address, {"reason": "wrong zone"}).status_code == 302
    with company_context(provider):
        settle(LATER)
        wrong.refresh_from_db()
        assert (wrong.state, wrong.withdrawn, wrong.undo_reason) == ("undone", 2, "wrong zone")
        assert stored() == [("09-30T20:00", 1000), ("10-05T00:00", 1010)]
        assert AuditRow.objects.filter(action="import_undone").count() == 1
    (credit,) = issue_corrections(provider)
    assert (credit.kind, credit.net_minor) == ("credit", 67)  # 10 cycles are left
    assert "2 readings were withdrawn by" in client.get(f"/imports/{wrong.public_id}/").text
    assert client.get(address).status_code == 302
    channel = f"/assets/{_asset_of(provider)}/channels/cycles/?from=2026-10-01&to=2026-11-02"
    assert "an import was undone" in client.get(channel).text
    with company_context(provider):
        first = UsageRecord.objects.get(generation=1)
        was = readings_of(first, reader="test", now=LAST)
        assert [int(item.value) for item in was] == [1000, 1010, 1020]
        again = imported(LAST, "Europe/Berlin")
        assert (again.pk, again.accepted, again.conflicts) == (wrong.pk, 3, 0)
        assert not [entry for entry in again.problems if entry["reason"] == "imported_before"]
        assert stored()[-1] == ("10-31T22:30", 1055)
    issue_corrections(provider)
    with company_context(provider):
        lines = InvoiceLine.objects.select_related("invoice")
        net = sum(line.net_minor * line.invoice.sign for line in lines)
    assert net == 10369  # as billing once with full knowledge


def _asset_of(provider: Any) -> str:
    with company_context(provider):
        return Asset.objects.get(serial="Press 1").public_id


def test_who_may_undo_and_what_may_be_undone(
    provider: Any, wrong: ImportRun, client_of: Any, cast: dict[str, Any]
) -> None:
    address = f"/imports/{wrong.public_id}/withdrawal/"
    assert client_of(provider, "viewer").get(address).status_code == 403
    assert client_of(cast["stranger"]).get(address).status_code == 404
    part = "/usage/touched/?first=2026-10-01T00:00:00Z&last=2026-10-02T00:00:00Z"
    client = client_of(cast["stranger"])
    assert "No usage was recorded" in client.get(part).text
    foreign = f"{part}&asset={_asset_of(provider)}"
    assert "No usage was recorded" in client.get(foreign).text
    for bad in ("?first=x&last=y", "?first=2026-10-01T00:00:00Z", "?asset=x"):
        assert client.get(f"/usage/touched/{bad}").status_code == 404
    with company_context(provider):
        new = upload_file(
            profile=wrong.profile, file=io.BytesIO(f"{FILE}\n".encode()), file_name="x.csv", now=NOW
        )
        with pytest.raises(ValidationError, match="taken in"):
            start_undo(run=new, reason="x", now=LATER)
        with pytest.raises(ValidationError):
            start_undo(run=wrong, reason=" ", now=LATER)
        wrong.refresh_from_db()
        assert wrong.state == "done"
    assert not Invoice.all_parties.exists()


def test_a_killed_undo_goes_on_behind_its_last_chunk(
    provider: Any, wrong: ImportRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_tally, "CHUNK", 1)
    whole, calls = import_undo._withdraw_chunk, []

    def killed(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("killed")
        whole(*arguments)

    with company_context(provider):
        run = start_undo(run=wrong, reason="wrong zone", now=LATER)
        monkeypatch.setattr(import_undo, "_withdraw_chunk", killed)
        with pytest.raises(RuntimeError):
            undo_import(run=run, now=LATER)
        run.refresh_from_db()
        assert (run.state, run.undone_rows, run.withdrawn) == ("undoing", 2, 1)
        run = undo_import(run=run, now=LATER)
        assert (run.state, run.withdrawn) == ("undone", 2)
        assert look_at_undo(run=run, now=LATER).readings == 0
        with connection.cursor() as cursor:
            cursor.execute("select count(*), count(distinct import_run) from telemetry_replaced")
            assert cursor.fetchone() == (2, 1)


def test_a_file_that_is_gone_leaves_the_import_as_it_was(provider: Any, wrong: ImportRun) -> None:
    with company_context(provider):
        start_undo(run=wrong, reason="wrong zone", now=LATER)
        default_storage.delete(wrong.stored_as)
        settle(LATER)
        wrong.refresh_from_db()
        assert (wrong.state, wrong.error, wrong.withdrawn) == ("done", "file_gone", 0)
        assert len(stored()) == 4
