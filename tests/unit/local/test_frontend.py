"""Only the served files are copied, without references to source maps."""

from pathlib import Path

import pytest

from portal.local import frontend


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a()\n//# sourceMappingURL=a.js.map", b"a()\n"),
        (b"a()\n//@ sourceMappingURL=a.js.map\n", b"a()\n\n"),
        (b"a{}\n/*# sourceMappingURL=a.css.map */", b"a{}\n"),
        (b"x='//# no sourceMapping'", b"x='//# no sourceMapping'"),
    ],
)
def test_source_maps_are_no_longer_named(content: bytes, expected: bytes) -> None:
    assert frontend.without_source_map(content) == expected


def test_the_folder_holds_exactly_the_files(tmp_path: Path) -> None:
    for name in frontend.FILES:
        path = tmp_path / "modules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x\n//# sourceMappingURL=y")
    target = tmp_path / "vendor"
    target.mkdir()
    (target / "left-over.css").write_text("")
    frontend.copy_files(tmp_path / "modules", target)
    assert {path.name for path in target.iterdir()} == {Path(name).name for name in frontend.FILES}
    assert (target / "tabler.min.js").read_bytes() == b"x\n"
    # Fonts are not text: they are copied untouched.
    assert (target / "inter-latin-wght-normal.woff2").read_bytes().endswith(b"=y")
