"""Static files are collected again exactly when one of them changed."""

from pathlib import Path

import pytest

from portal.local import static


def test_any_change_of_a_source_changes_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERUSE_STATE", str(tmp_path / "state"))
    (tmp_path / "static").mkdir()
    seen = {static.fingerprint(tmp_path)}
    for name in ("static/a.css", "apps/x/static/b.js", "state/frontend/vendor/c.js"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one")
        seen.add(static.fingerprint(tmp_path))
        path.write_text("longer")
        seen.add(static.fingerprint(tmp_path))
    assert len(seen) == 7
    (tmp_path / "unrelated.txt").write_text("")
    assert static.fingerprint(tmp_path) in seen
