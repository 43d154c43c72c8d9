"""Importing files: preview, progress, once only, and going on after a kill."""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.operations import register_asset_type, register_assets
from apps.events.operations import run_waiting_jobs
from apps.telemetry.domain.mapping import from_dict
from apps.telemetry.models import ImportProfile, ImportRun, RefusedItem
from apps.telemetry.operations import import_runs, import_tally
from apps.telemetry.operations.imports import (
    preview_import,
    run_import,
    save_profile,
    start_import,
    upload_file,
)
from tests.conftest import NOW
from tests.integration.subscriptions.test_limits import change_plan_row

MAPPING: dict[str, Any] = {
    "asset": "M-1",
    "time": {"columns": ["time"]},
    "columns": [{"column": "energy", "channel": "energy"}],
}
GOOD = "time,energy\n" + "".join(f"2026-10-01T{n:02}:00:00Z,{n}.5\n" for n in range(20))
BAD = GOOD + (
    "2026-10-01T05:00:00Z,5.5\n"  # line 22: a duplicate
    "2026-10-01T06:00:00Z,99\n"  # line 23: another value at the same instant
    "2026-10-01 07:00,1\n"  # line 24: no zone
    "2026-10-02T00:00:00Z,NaN\n"  # line 25
    "2031-01-01T00:00:00Z,1\n"  # line 26: in the future
    "2026-10-02T01:00:00Z,\n"  # line 27: empty
)


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def provider(cast: dict[str, Any], as_company: Callable[..., Any]) -> Iterator[Any]:
    with as_company(cast["provider"]):
        made = register_asset_type(
            name="Meter", channels=[ChannelFacts("energy", "Energy", "counter", "kW.h")], now=NOW
        )
        register_assets(assets=[AssetFacts(made.id, "Meter 1", "M-1")], now=NOW)
        yield cast["provider"]


@pytest.fixture
def profile(provider: Any) -> ImportProfile:
    return save_profile(name="meter", mapping=MAPPING, now=NOW)


def stored() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from telemetry_level")
        return int(cursor.fetchone()[0])


def uploaded(profile: ImportProfile, text: str, name: str = "file.csv") -> ImportRun:
    return upload_file(profile=profile, file=io.BytesIO(text.encode()), file_name=name, now=NOW)


def counts(run: ImportRun) -> tuple[int, ...]:
    return run.accepted, run.duplicates, run.conflicts, run.refused, run.skipped


def test_a_preview_judges_everything_and_stores_nothing(profile: ImportProfile) -> None:
    preview = preview_import(
        mapping=from_dict(MAPPING), stream=io.BytesIO(BAD.encode()), source="import:meter", now=NOW
    )
    tally = preview.tally
    assert (tally.counts.accepted, tally.counts.duplicates, tally.counts.conflicts) == (20, 1, 1)
    assert (tally.counts.refused, tally.counts.skipped) == (3, 1)
    assert [(entry["line"], entry["reason"]) for entry in tally.problems] == [
        (24, "naive_time"), (25, "not_a_number"), (23, "other_content"), (26, "in_future"),
    ]  # fmt: skip
    assert stored() == RefusedItem.objects.count() == 0


def test_an_import_keeps_what_it_refuses_with_its_line(profile: ImportProfile) -> None:
    run = start_import(run=uploaded(profile, BAD), now=NOW)
    run_waiting_jobs(now=NOW)
    run.refresh_from_db()
    assert (run.state, run.rows_total, run.rows_done) == ("done", 26, 26)
    assert counts(run) == (20, 1, 1, 3, 1)
    kept = RefusedItem.objects.filter(source="import:meter")
    assert sorted(kept.values_list("position", "reason")) == [
        (23, "conflict"), (24, "naive_time"), (25, "not_a_number"), (26, "in_future"),
    ]  # fmt: skip
    assert stored() == 20


def test_a_full_month_stops_an_import_which_goes_on_when_there_is_room(
    profile: ImportProfile, monkeypatch: pytest.MonkeyPatch, cast: dict[str, Any], client_of: Any
) -> None:
    monkeypatch.setattr(import_tally, "CHUNK", 5)
    change_plan_row("network", most_readings=10)
    connection.set_tenant(cast["provider"])  # type: ignore[attr-defined]
    run = start_import(run=uploaded(profile, GOOD), now=NOW)
    run_waiting_jobs(now=NOW)
    run.refresh_from_db()
    assert (run.state, run.error, run.rows_done, stored()) == ("failed", "month_full", 10, 10)
    page = client_of(cast["provider"]).get(f"/imports/{run.public_id}/").content.decode()
    assert "What came before line 12 is stored" in page
    assert "Go on" in page
    connection.set_tenant(cast["provider"])  # type: ignore[attr-defined]
    # The same month is still full: nothing more comes in.
    start_import(run=run, now=NOW)
    run_waiting_jobs(now=NOW)
    assert stored() == 10
    later = NOW + timedelta(days=30)
    for _twice in range(2):
        start_import(run=run, now=later)
        run_waiting_jobs(now=later)
    run.refresh_from_db()
    assert (run.state, run.error, stored()) == ("done", "", 20)
    assert counts(run) == (20, 0, 0, 0, 0)


def test_the_same_file_is_the_same_run_and_another_name_is_no_news(profile: ImportProfile) -> None:
    run = run_import(run=uploaded(profile, GOOD), now=NOW)
    assert uploaded(profile, GOOD, "renamed.csv").pk == run.pk
    assert start_import(run=run, now=NOW).state == "done"
    more = run_import(run=uploaded(profile, GOOD + "\n"), now=NOW)
    assert counts(more) == (0, 20, 0, 0, 1)
    assert stored() == 20


def test_a_killed_run_goes_on_behind_its_last_chunk_with_exact_counts(
    profile: ImportProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_tally, "CHUNK", 6)
    run = uploaded(profile, BAD)
    real, calls = import_runs.take_in, []

    def dies(**arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(**arguments)

    monkeypatch.setattr(import_runs, "take_in", dies)
    with pytest.raises(KeyboardInterrupt):
        run_import(run=run, now=NOW)
    assert stored() == 12
    run = ImportRun.objects.get(pk=run.pk)
    assert (run.rows_done, run.accepted, run.state) == (12, 12, "running")
    run = run_import(run=run, now=NOW)
    assert (run.state, counts(run)) == ("done", (20, 1, 1, 3, 1))
    assert len(run.problems) == 5


def test_old_files_move_the_edge_on_purpose(profile: ImportProfile) -> None:
    old = "time,energy\n1999-12-31T23:00:00Z,1\n1980-01-01T00:00:00Z,1\n"
    preview = preview_import(
        mapping=from_dict(MAPPING), stream=io.BytesIO(old.encode()), source="import:meter", now=NOW
    )
    assert preview.edge_moves_to is not None
    assert preview.tally.counts.accepted == 1
    run = run_import(run=uploaded(profile, old), now=NOW)
    assert (run.accepted, run.refused) == (1, 1)
    assert run.problems[0]["reason"] == "before_retention"


def page_of(client: Any, profile: ImportProfile, content: bytes, **data: str) -> Any:
    file = SimpleUploadedFile("readings.csv", content)
    return client.post(reverse("import_new"), {"profile": profile.pk, "file": file, **data})


def test_from_the_upload_over_the_preview_to_the_result(
    profile: ImportProfile, provider: Any, client_of: Callable[..., Any],
    as_company: Callable[..., Any],
) -> None:  # fmt: skip
    client = client_of(provider)
    assert client.get(reverse("import_new")).status_code == 200
    answer = page_of(client, profile, BAD.encode())
    assert answer.status_code == 302
    preview = client.get(answer.url).content.decode()
    assert "naive" not in preview
    assert "has no time zone" in preview
    assert "Start the import" in preview
    with as_company(provider):
        run = ImportRun.objects.get()
        assert (run.state, stored()) == ("uploaded", 0)
    started = client.post(reverse("import_run", args=[run.public_id]))
    assert started.status_code == 302
    assert "every 1s" in client.get(started.url).content.decode()
    with as_company(provider):
        run_waiting_jobs(now=NOW.replace(year=2027))
    result = client.get(started.url).content.decode()
    assert "contradict" not in result
    assert "the first one stays" in result
    table = client.get(reverse("import_problems", args=[run.public_id])).content.decode()
    assert len(table.strip().splitlines()) == 6
    assert "file.csv" not in client.get(reverse("import_list")).content.decode()
    assert "readings.csv" in client.get(reverse("import_list")).content.decode()
    again = page_of(client, profile, BAD.encode())
    assert again.url == reverse("import_detail", args=[run.public_id])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 200, "PNG"),
        (b"\x00\x01\x02" * 50, "no text"),
        (b"a," * 90_000 + b"z\n", "columns"),
        (b"time,energy\n" + "2026-10-01T00:00:00Z,1\nä".encode("latin-1"), "Line 3 is not encoded"),
        (b"when,energy\n", "“time” is missing"),
        (gzip.compress(b"time,energy\n" + b"\n" * 20_000_000), "empty lines"),
    ],
)
def test_a_wrong_file_is_refused_on_the_page_and_nothing_stays(
    profile: ImportProfile, provider: Any, client_of: Callable[..., Any],
    as_company: Callable[..., Any], settings: Any, content: bytes, said: str,
) -> None:  # fmt: skip
    client = client_of(provider)
    answer = page_of(client, profile, content, asset="M-1")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert 'value="M-1"' in page
    with as_company(provider):
        assert ImportRun.objects.count() == 0
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_a_discarded_upload_leaves_nothing(
    profile: ImportProfile, provider: Any, client_of: Callable[..., Any],
    as_company: Callable[..., Any], django_capture_on_commit_callbacks: Any, settings: Any,
) -> None:  # fmt: skip
    client = client_of(provider)
    page_of(client, profile, GOOD.encode())
    with as_company(provider):
        run = ImportRun.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("import_disposal", args=[run.public_id]))
    with as_company(provider):
        assert ImportRun.objects.count() == 0
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


PROFILE_FORM = {
    "name": "works meter", "separator": ";", "quote": '"', "encoding": "utf-8",
    "decimal_mark": ",", "grouping": ".", "header_line": "1", "skip_rows": "0", "trim": "on",
    "time_columns": "day; clock", "time_format": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin",
    "meaning": "end", "interval_seconds": "900", "clock_change": "refuse", "asset": "M-1",
    "columns-TOTAL_FORMS": "1", "columns-INITIAL_FORMS": "0", "columns-0-column": "kWh",
    "columns-0-channel": "energy", "columns-0-none": "-; n/a", "columns-0-meanings": "",
}  # fmt: skip


def test_a_profile_is_made_by_form_and_comes_back_as_it_was(
    provider: Any, client_of: Callable[..., Any], as_company: Callable[..., Any]
) -> None:
    client = client_of(provider)
    assert client.get(reverse("profile_new")).status_code == 200
    assert client.post(reverse("profile_new"), PROFILE_FORM).status_code == 302
    with as_company(provider):
        made = ImportProfile.objects.get()
        mapping = from_dict(made.mapping)
    assert mapping.time.columns == ("day", "clock")
    assert mapping.columns[0].none == ("-", "n/a")
    page = client.get(reverse("profile_edit", args=[made.public_id])).content.decode()
    assert "day; clock" in page
    assert "-; n/a" in page
    assert "works meter" in client.get(reverse("profile_list")).content.decode()
    row = client.get(reverse("profile_column_row"), {"columns-TOTAL_FORMS": "1"})
    assert 'name="columns-1-column"' in row.content.decode()


def test_a_profile_for_rows_without_a_day_or_a_column_comes_back_as_it_was(
    provider: Any, client_of: Callable[..., Any], as_company: Callable[..., Any]
) -> None:
    client = client_of(provider)
    by_name = {
        **PROFILE_FORM, "time_format": "%H:%M", "meaning": "start", "interval_seconds": "",
        "end_columns": "until", "date_in_name": "%Y-%m-%d", "columns-0-column": "",
        "columns-0-fixed": "1",
    }  # fmt: skip
    assert client.post(reverse("profile_new"), by_name).status_code == 302
    with as_company(provider):
        made = ImportProfile.objects.get()
    time, column = made.mapping["time"], made.mapping["columns"][0]
    assert (time["end_columns"], time["date_in_name"], column["fixed"]) == (
        ["until"], "%Y-%m-%d", "1",
    )  # fmt: skip
    edit = reverse("profile_edit", args=[made.public_id])
    page = client.get(edit).content.decode()
    for shown in ('value="until"', 'value="%Y-%m-%d"', 'name="columns-0-fixed" value="1"'):
        assert shown in page
    refused = page_of(client, made, b"day;clock;until\n", asset="M-1")
    assert refused.status_code == 422
    assert "holds no day written as %Y-%m-%d" in refused.content.decode()
    by_row = {
        **by_name, "name": "rows", "time_columns": "", "begin": "2026-01-01 00:00",
        "end_columns": "", "date_in_name": "", "interval_seconds": "60",
    }  # fmt: skip
    assert client.post(edit, {**by_row, "begin": "soon"}).status_code == 422
    assert client.post(edit, by_row).status_code == 302


def test_a_bad_profile_says_every_mistake_at_its_field(
    provider: Any, client_of: Callable[..., Any], as_company: Callable[..., Any]
) -> None:
    wrong = {**PROFILE_FORM, "time_format": "%H", "zone": "", "interval_seconds": ""}
    answer = client_of(provider).post(reverse("profile_new"), wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    for said in ("is no time format", "name the time zone", "needs the interval", "works meter"):
        assert said in page
    with as_company(provider):
        assert not ImportProfile.objects.exists()


def test_viewers_look_and_foreign_imports_are_absent(
    profile: ImportProfile, provider: Any, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    run = uploaded(profile, GOOD)
    viewer = client_of(provider, "viewer")
    assert viewer.get(reverse("import_detail", args=[run.public_id])).status_code == 200
    assert viewer.get(reverse("import_new")).status_code == 403
    assert viewer.post(reverse("import_run", args=[run.public_id])).status_code == 403
    for name in ("import_detail", "import_preview", "import_problems"):
        foreign = client_of(cast["customer"]).get(reverse(name, args=[run.public_id]))
        assert foreign.status_code == 404


def test_the_command_takes_a_file_in_and_says_so(
    provider: Any, as_company: Callable[..., Any], tmp_path: Path, capsys: Any
) -> None:
    file, described = tmp_path / "readings.csv", tmp_path / "meter.json"
    file.write_text(BAD)
    described.write_text(json.dumps({"name": "meter", "mapping": MAPPING}))
    named = ["--company", "provider", "--profile", str(described), "--json"]
    call_command("import_readings", str(file), *named, "--dry-run")
    dry = json.loads(capsys.readouterr().out)
    assert (dry["state"], dry["accepted"], dry["conflicts"]) == ("dry", 20, 1)
    assert (stored(), ImportProfile.objects.count()) == (0, 0)
    call_command("import_readings", str(file), *named)
    done = json.loads(capsys.readouterr().out)
    assert (done["state"], done["accepted"], done["refused"]) == ("done", 20, 3)
    call_command("import_readings", str(file), *named)
    assert json.loads(capsys.readouterr().out)["import"] == done["import"]
    assert stored() == 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{file}", "--company", "nobody", "--profile", "meter"], "no company"),
        (["{file}", "--company", "provider", "--profile", "meter"], "no profile"),
        (["{file}", "--company", "provider", "--profile", "{bad}"], "cannot be used"),
        (["{absent}", "--company", "provider", "--profile", "{good}"], "No such file"),
        (["{image}", "--company", "provider", "--profile", "{good}"], "PNG"),
    ],
)
def test_the_command_fails_with_the_reason(
    provider: Any, tmp_path: Path, words: list[str], said: str
) -> None:
    paths = {name: tmp_path / f"{name}.json" for name in ("file", "bad", "absent", "good", "image")}
    paths["file"].write_text(GOOD)
    paths["bad"].write_text('{"columns": []}')
    paths["good"].write_text(json.dumps(MAPPING))
    paths["image"].write_bytes(b"\x89PNG\r\n")
    filled = [word.format(**paths) for word in words]
    with pytest.raises(CommandError, match=said):
        call_command("import_readings", *filled)


def test_pages_of_assets_show_what_was_read(
    profile: ImportProfile, provider: Any, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    from apps.assets.models import Asset
    from apps.telemetry.operations import recompute_dirty

    run_import(run=uploaded(profile, GOOD), now=NOW)
    recompute_dirty(now=NOW)
    asset = Asset.objects.get()
    client = client_of(provider)
    part = client.get(reverse("asset_channels", args=[asset.public_id])).content.decode()
    assert "19.5\u00a0kWh" in part
    assert reverse("channel_detail", args=[asset.public_id, "energy"]) in part
    page = client.get(reverse("asset_list")).content.decode()
    assert f"{reverse('asset_sparklines')}?asset={asset.public_id}" in page
    asked = {"asset": [asset.public_id, "ast_nonsense", ""]}
    assert client.get(reverse("asset_sparklines"), asked).status_code == 200
    foreign = client_of(cast["customer"])
    assert foreign.get(reverse("asset_channels", args=[asset.public_id])).status_code == 404
