"""Real recordings that lie beside the checkout, and the assets they belong to."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW
from tests.databases import ROOT


def data_dir() -> Path:
    """`PERUSE_SHARED_DATA`, else `../shared/data` beside the checkout."""
    named = os.environ.get("PERUSE_SHARED_DATA")
    return Path(named) if named else ROOT.parent / "shared" / "data"


@pytest.fixture
def recording() -> Callable[[str], Path]:
    """`recording("cobot-ur3/ur3_morning.csv.gz")` gives the path, or skips with the reason."""

    def find(name: str) -> Path:
        path = data_dir() / name
        if not path.exists():
            pytest.skip(f"the recording {name} is not in {data_dir()} (PERUSE_SHARED_DATA)")
        return path

    return find


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For this process and those it starts."""
    settings.MEDIA_ROOT = tmp_path / "files"
    monkeypatch.setenv("PERUSE_FILES", str(settings.MEDIA_ROOT))


@pytest.fixture
def provider(cast: dict[str, Any], as_company: Callable[..., Any]) -> Iterator[Any]:
    """The provider, current for the whole test."""
    with as_company(cast["provider"]):
        yield cast["provider"]


@pytest.fixture
def register(provider: Any) -> Callable[..., list[Any]]:
    """`register(name, channels, serials)` registers a type and assets with these serials."""
    from apps.assets.domain.facts import AssetFacts
    from apps.assets.operations import register_asset_type, register_assets

    def make(name: str, channels: list[Any], serials: list[str]) -> list[Any]:
        made = register_asset_type(name=name, channels=channels, now=NOW)
        facts = [AssetFacts(made.id, serial, serial, provider=provider.pk) for serial in serials]
        return register_assets(assets=facts, now=NOW)

    return make


@pytest.fixture
def take_file(provider: Any) -> Callable[..., Any]:
    """`take_file(path, profile name, mapping)` imports a file to its end; the finished run."""
    from apps.events.operations import run_waiting_jobs
    from apps.telemetry.models import ImportProfile, ImportRun
    from apps.telemetry.operations.imports import save_profile, start_import, upload_file

    def take(path: Path, name: str, mapping: dict[str, Any]) -> ImportRun:
        profile = ImportProfile.objects.filter(name=name).first()
        profile = profile or save_profile(name=name, mapping=mapping, now=NOW)
        with path.open("rb") as file:
            run = upload_file(profile=profile, file=file, file_name=path.name, now=NOW)
        start_import(run=run, now=NOW)
        run_waiting_jobs(now=NOW)
        return ImportRun.objects.get(pk=run.pk)

    return take


@pytest.fixture
def rows_of(provider: Any) -> Callable[..., list[tuple[Any, ...]]]:
    """`rows_of(sql, parameters)` asks the provider's own tables."""
    from django.db import connection

    def ask(sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters or [])
            return cursor.fetchall()

    return ask
