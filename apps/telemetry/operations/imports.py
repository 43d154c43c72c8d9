"""Files of readings: their profiles, the uploaded files, and the start of an import."""

import hashlib
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.models import Job
from apps.events.operations import enqueue, record
from apps.telemetry.domain.mapping import (
    BadFile,
    Mapping,
    Problem,
    from_dict,
    mapping_of_file,
    read_rows,
)
from apps.telemetry.models import ImportProfile, ImportRun
from apps.telemetry.operations.import_runs import (
    MONTH_FULL,
    MOST_LOOKED_AT,
    Preview,
    must_have_asset,
    preview_import,
    run_import,
    source_of,
)
from apps.telemetry.operations.import_tally import Tally, entry_of, note_counts
from apps.tenancy.context import current_company

__all__ = [
    "JOB_KIND",
    "MONTH_FULL",
    "Preview",
    "discard_upload",
    "preview_import",
    "run_import",
    "save_profile",
    "scan_file",
    "source_of",
    "start_import",
    "upload_file",
]
JOB_KIND = "telemetry.import"
LARGEST_FILE = 200 * 1024 * 1024


def save_profile(
    *, name: str, mapping: dict[str, Any], now: datetime, profile: ImportProfile | None = None
) -> ImportProfile:
    """Make or change a profile. Raises BadMapping, and ValidationError for the name."""
    from_dict(mapping)
    name = name.strip()
    if not name or len(name) > 80 or not name.isprintable():
        raise ValidationError({"name": _("Give a name of at most 80 characters.")})
    others = ImportProfile.objects.filter(name=name)
    if profile is not None:
        others = others.exclude(pk=profile.pk)
        if profile.name != name and profile.runs.exists():
            raise ValidationError(
                {"name": _("Files were imported under this name; it is part of their identity.")}
            )
    if others.exists():
        raise ValidationError({"name": _("There is a profile of this name already.")})
    profile = profile or ImportProfile()
    profile.name, profile.mapping, profile.changed_at = name, mapping, now
    profile.save()
    return profile


def scan_file(*, mapping: Mapping, stream: BinaryIO) -> int:
    """Read the file (bounded) without looking at any reading. Returns its rows; raises BadFile."""
    must_have_asset(mapping)
    return sum(1 for _row in islice(read_rows(mapping, stream), MOST_LOOKED_AT))


@transaction.atomic
def upload_file(
    *,
    profile: ImportProfile,
    file: BinaryIO,
    file_name: str,
    now: datetime,
    actor: Any = None,
    asset: str = "",
) -> ImportRun:
    """Store a readable file for import; the same content under the same profile is the same run.

    `asset` (serial or public id) is the whole file's, where the profile names none.
    Raises BadMapping or BadFile; then nothing is stored.
    """
    mapping = mapping_of_file(profile.mapping, file_name, asset)
    scan_file(mapping=from_dict(mapping), stream=file)
    digest = _digest(file)
    ImportProfile.objects.select_for_update().get(pk=profile.pk)
    run = ImportRun.objects.filter(content_sha256=digest, profile=profile).first()
    if run is not None and run.mapping == mapping and run.state in ("running", "done"):
        return run
    if run is not None and run.state in (ImportRun.State.RUNNING, ImportRun.State.UNDOING):
        raise ValidationError(_("This file is being imported; wait until that has ended."))
    run = run or ImportRun(profile=profile, content_sha256=digest)
    _reset(run, mapping, file_name, now, actor)
    _store(run, file)
    run.save()
    return run


def _digest(file: BinaryIO) -> str:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(1 << 20):
        digest.update(chunk)
        size += len(chunk)
        if size > LARGEST_FILE:
            raise BadFile("file_too_large", megabytes=LARGEST_FILE >> 20)
    return digest.hexdigest()


def _reset(
    run: ImportRun, mapping: dict[str, Any], file_name: str, now: datetime, actor: Any
) -> None:
    before = _imported_before(run)
    run.mapping, run.state, run.job_id, run.error = mapping, ImportRun.State.UPLOADED, None, ""
    run.file_name = "".join(sign for sign in file_name if sign.isprintable())[-200:] or "file"
    run.uploaded_at, run.uploaded_by, run.finished_at = now, _name_of(actor), None
    run.rows_total, run.taken_at = 0, []
    note_counts(run, Tally(notes=before))


def _imported_before(run: ImportRun) -> list[dict[str, Any]]:
    """A note of what this file stored as the profile stood earlier: that stays and may count twice.

    None where it was undone.
    """
    if not run.accepted or run.state == ImportRun.State.UNDONE:
        return [entry for entry in run.problems if entry["reason"] == "imported_before"]
    params = {"accepted": str(run.accepted)}
    note = Problem(0, "", "imported_before", params)
    return [entry_of(note, "note")]


def _name_of(actor: Any) -> str:
    return str(getattr(actor, "name", "") or actor or "")[:200]


def _store(run: ImportRun, file: BinaryIO) -> None:
    if run.stored_as and default_storage.exists(run.stored_as):
        return
    file.seek(0)
    name = f"{current_company().slug}/imports/{run.id.hex}"
    run.stored_as = default_storage.save(name, File(file))


@transaction.atomic
def start_import(*, run: ImportRun, now: datetime, actor: Any = None) -> ImportRun:
    """Let a worker take the file in. A run that is under way or done stays as it is."""
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    under_way = run.state == ImportRun.State.RUNNING and not is_stuck(run)
    if run.state == ImportRun.State.DONE or under_way:
        return run
    job = enqueue(
        kind=JOB_KIND,
        payload={"run": str(run.pk)},
        now=now,
        dedupe=str(run.pk),
        total=run.rows_total,
        requested_by=getattr(actor, "pk", None),
    )
    run.state, run.error = ImportRun.State.RUNNING, ""
    run.job_id = job.id if job is not None else run.job_id
    run.save(update_fields=["state", "error", "job_id"])
    record(
        action="import_started",
        subject=run.public_id,
        now=now,
        actor=actor,
        details={"file": run.file_name, "profile": run.profile.name},
    )
    return run


def is_stuck(run: ImportRun) -> bool:
    """Whether no job works on it any more, though it is under way."""
    job = Job.objects.filter(pk=run.job_id).first() if run.job_id else None
    return job is None or job.state == Job.State.PARKED


@transaction.atomic
def discard_upload(*, run: ImportRun) -> None:
    """Forget an uploaded file that was never started."""
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    if run.state != ImportRun.State.UPLOADED:
        raise ValidationError(_("Only a file that was not started can be discarded."))
    stored = run.stored_as
    run.delete()
    transaction.on_commit(lambda: default_storage.delete(stored))
