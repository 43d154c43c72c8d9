"""No room on the database's disk or for files: a clean 503, nothing acknowledged lost, and it heals by itself.

Files lie on a real small disk. The database server itself answers as it does on a full one (53100), from a
trigger in the statement that stores.
"""

import errno
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.operations import make_key
from apps.common.storage import WholeFiles
from apps.events.domain import registry
from apps.events.models import Job
from apps.events.operations import TRIES, enqueue, work_on
from apps.telemetry.models import ImportRun
from apps.telemetry.operations.imports import save_profile
from apps.tenancy import middleware
from apps.tenancy.context import company_context
from tests import databases
from tests.conftest import NOW
from tests.integration.telemetry.conftest import make_machine

pytestmark = pytest.mark.faults
ROOM = 256 * 1024
KIND = "test.writes_a_file"
FULL = """
create function co_maker.no_room() returns trigger language plpgsql as $$ begin
    raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
end $$;
create trigger no_room before insert on co_maker.telemetry_level
    for each statement execute function co_maker.no_room();
grant execute on function co_maker.no_room() to public;
"""
ROOM_AGAIN = "drop trigger no_room on co_maker.telemetry_level; drop function co_maker.no_room()"


@pytest.fixture
def small_disk(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """Files on a disk of 256 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "peruse-test", str(place)],
        capture_output=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("only root may make a disk")
    settings.MEDIA_ROOT = place
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all room there is."""
    rest = disk / "rest"
    with rest.open("wb", buffering=0) as file, pytest.raises(OSError) as full:
        while True:
            file.write(b"x" * 4096)
    assert full.value.errno == errno.ENOSPC
    return rest


def files(disk: Path) -> list[str]:
    return [path.name for path in disk.rglob("*") if path.is_file() and path.name != "rest"]


def test_a_file_is_there_whole_or_not_at_all(small_disk: Path) -> None:
    storage = WholeFiles(location=small_disk)
    name = storage.save("a/b.csv", ContentFile(b"1" * 10_000))
    assert name == "a/b.csv"
    again = storage.save("a/b.csv", ContentFile(b"2"))
    assert again != name
    with pytest.raises(OSError) as full:
        storage.save("a/large.csv", ContentFile(b"3" * ROOM))
    assert full.value.errno == errno.ENOSPC
    assert sorted(files(small_disk)) == sorted(["b.csv", Path(again).name])
    assert storage.open(name).read() == b"1" * 10_000
    # Control: Django's own leaves half of it.
    with pytest.raises(OSError):
        FileSystemStorage(location=small_disk).save("a/half.csv", ContentFile(b"3" * ROOM))
    assert "half.csv" in files(small_disk)


def test_an_upload_on_a_full_disk_is_503_and_works_when_there_is_room(
    own_database: str, cast: dict[str, Any], client_of: Callable[..., Any], small_disk: Path
) -> None:
    client = client_of(cast["maker"], raise_request_exception=False)
    with company_context(cast["maker"]):
        machine = make_machine(cast["maker"], NOW - timedelta(days=40))
        mapping = {
            "asset": machine.asset.serial, "time": {"columns": ["time"]},
            "columns": [{"column": "pressure", "channel": "pressure"}],
        }  # fmt: skip
        profile = save_profile(name="P", mapping=mapping, now=NOW)
    content = "time,pressure\n" + "".join(
        f"2026-10-{day:02}T{hour:02}:00:00Z,{hour}\n" for day in range(1, 28) for hour in range(24)
    )

    def upload() -> Any:
        file = SimpleUploadedFile("p.csv", content.encode())
        return client.post("/imports/new/", {"profile": profile.pk, "file": file})

    rest = fill(small_disk)
    answer = upload()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert files(small_disk) == []
    with company_context(cast["maker"]):
        assert not ImportRun.objects.exists()
    rest.unlink()
    assert upload().status_code == 302
    assert len(files(small_disk)) == 1
    with company_context(cast["maker"]):
        run = ImportRun.objects.get()
        assert default_storage.open(run.stored_as).read() == content.encode()


def test_without_the_guard_it_would_be_a_fault_of_ours(
    own_database: str, send: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the same error is a 500 where nobody knows of full disks."""
    with full_database(own_database):
        assert send(1).status_code == 503
        monkeypatch.setattr(middleware, "is_outage", lambda error: False)
        assert send(2).status_code == 500


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(job: Job, now: Any) -> dict[str, str]:
        return {"file": default_storage.save("result", BytesIO(b"r" * 50_000))}  # type: ignore[arg-type]

    monkeypatch.setitem(registry._handlers, KIND, registry.Handler(KIND, work, atomic=True))


def test_a_job_waits_for_room_however_long_it_takes(
    own_database: str, cast: dict[str, Any], small_disk: Path, writes: None
) -> None:
    rest = fill(small_disk)
    now = NOW
    with company_context(cast["maker"]):
        job = enqueue(kind=KIND, payload={}, now=now)
        assert job is not None
        for _ in range(TRIES * 3):
            work_on(job_id=job.id, now=now)
            job.refresh_from_db()
            assert (job.state, job.attempts) == (Job.State.WAITING, 0)
            assert "No space left" in job.error
            assert job.run_after - now <= timedelta(seconds=20)  # and 10 s of the sweeper
            now = job.run_after
        assert files(small_disk) == []
        rest.unlink()
        work_on(job_id=job.id, now=now)
        job.refresh_from_db()
        assert job.state == Job.State.DONE
        assert files(small_disk) == ["result"]


def test_any_other_error_is_still_parked_after_three_tries(
    own_database: str, cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: only a full disk is waited for."""

    def work(job: Job, now: Any) -> None:
        raise OSError(errno.EACCES, "not allowed")

    monkeypatch.setitem(registry._handlers, KIND, registry.Handler(KIND, work, atomic=True))
    with company_context(cast["maker"]):
        job = enqueue(kind=KIND, payload={}, now=NOW)
        assert job is not None
        for minutes in range(TRIES):
            work_on(job_id=job.id, now=NOW + timedelta(minutes=minutes))
        job.refresh_from_db()
        assert job.state == Job.State.PARKED


@contextmanager
def full_database(name: str) -> Iterator[None]:
    with databases.admin(name) as server:
        server.execute(FULL)
    try:
        yield
    finally:
        with databases.admin(name) as server:
            server.execute(ROOM_AGAIN)


@pytest.fixture
def send(own_database: str, cast: dict[str, Any]) -> Callable[[int], Any]:
    """Sends the maker's reading of an hour over HTTP; the answer."""
    client = Client(HTTP_HOST="maker.peruse.localhost", raise_request_exception=False)
    with company_context(cast["maker"]):
        machine = make_machine(cast["maker"], NOW - timedelta(days=9))
        secret = make_key(name="gateway", scope="intake", now=NOW)[1]

    def send_one(hour: int) -> Any:
        event = {
            "specversion": "1.0", "id": str(hour), "source": "/test", "type": "reading",
            "subject": f"{machine.asset.public_id}/pressure",
            "time": f"2026-10-30T{hour:02}:00:00Z", "data": {"value": "1"},
        }  # fmt: skip
        return client.post(
            "/api/v1/events", data=json.dumps(event), content_type="application/cloudevents+json",
            headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip

    return send_one


def test_intake_acknowledges_only_what_it_kept(
    own_database: str, send: Callable[[int], Any]
) -> None:
    acknowledged = [h for h in range(3) if send(h).status_code < 300]
    with full_database(own_database):
        for hour in range(3, 6):
            answer = send(hour)
            assert answer.status_code == 503
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers["Retry-After"]
    acknowledged += [h for h in range(6, 9) if send(h).status_code < 300]
    assert acknowledged == [0, 1, 2, 6, 7, 8]
    with databases.admin(own_database) as server:
        rows = server.execute(
            "select extract(hour from measured_at at time zone 'UTC')::int "
            "from co_maker.telemetry_level order by 1"
        ).fetchall()
    assert [row[0] for row in rows] == acknowledged
