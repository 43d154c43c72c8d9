"""Copies the few front-end files the portal serves out of node_modules."""

import re
import shutil
import sys
from pathlib import Path

from portal.local.state import CHECKOUT

FILES = (
    "@tabler/core/dist/css/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js",
    "plotly.js-basic-dist-min/plotly-basic.min.js",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
)
# A source map that is not served breaks the hashing of static files.
SOURCE_MAP = re.compile(rb"(?m)^\s*(?://[#@] sourceMappingURL=.*|/\*[#@] sourceMappingURL=.*?\*/)")


def copy_files(modules: Path, target: Path) -> None:
    """Write FILES flat into `target`, which holds nothing else afterwards."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in FILES:
        content = (modules / name).read_bytes()
        if name.endswith((".js", ".css")):
            content = without_source_map(content)
        (target / Path(name).name).write_bytes(content)


def without_source_map(content: bytes) -> bytes:
    return SOURCE_MAP.sub(b"", content)


if __name__ == "__main__":
    copy_files(CHECKOUT / "node_modules", Path(sys.argv[1]))
