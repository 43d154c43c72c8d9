"""The state folder belongs to one user, and sockets get a short private place."""

import os
import stat
from pathlib import Path

import pytest

from portal.local import state
from portal.local.state import LocalError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERUSE_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_folder_of_another_user_is_refused_in_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    owner = state.user_name(os.getuid())
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 54321)
    with pytest.raises(LocalError, match=rf"belongs to {owner}, and you are user \d+"):
        state.prepare_state()


def test_notes_are_merged_and_private(folder: Path) -> None:
    state.prepare_state()
    state.note(a=1, b=2)
    state.note(b=None, c=3)
    assert state.record() == {"a": 1, "c": 3}
    assert stat.S_IMODE((folder / "servers.json").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["servers.json"]


def test_sockets_get_a_short_private_folder_however_deep_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERUSE_STATE", str(tmp_path / ("deep/" * 40)))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("long" * 30)))
    path = state.run_dir()
    try:
        assert len(os.fsencode(path / ".s.PGSQL.5432")) < state.SOCKET_PATH_LIMIT
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert state.run_dir() == path
    finally:
        path.rmdir()


def test_a_socket_folder_laid_by_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LocalError, match="is not a folder of"):
        state.private_dir(tmp_path / "link")
