"""Inter in the two weights of a document, as files of their own.

The portal ships Inter as one variable font. Taking a weight out of it costs WeasyPrint 0.1 s in
every document, so it is done once a machine. Without Inter a font of the system is embedded.
"""

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

WEIGHTS = (400, 600)
SUBSETS = ("latin", "latin-ext")


@cache
def font_faces() -> str:
    """`@font-face` rules for the files at hand; empty where Inter is not installed."""
    return "".join(
        f'@font-face{{font-family:Inter;font-weight:{weight};src:url("{path.as_uri()}")}}'
        for weight, path in _files()
    )


def _files() -> Iterator[tuple[int, Path]]:
    vendor = settings.STATE_DIR / "frontend" / "vendor"
    for subset in SUBSETS:
        variable = vendor / f"inter-{subset}-wght-normal.woff2"
        if variable.is_file():
            for weight in WEIGHTS:
                yield weight, _instance(variable, subset, weight)


def _instance(variable: Path, subset: str, weight: int) -> Path:
    """Made beside and moved, so that two processes at once leave one whole file."""
    target = Path(settings.STATE_DIR) / "fonts" / f"inter-{subset}-{weight}.ttf"
    if not target.is_file():
        from fontTools.ttLib import TTFont
        from fontTools.varLib.instancer import instantiateVariableFont

        font = instantiateVariableFont(TTFont(variable), {"wght": weight})
        font.flavor = None
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            font.save(file)
        Path(made).replace(target)
    return target
