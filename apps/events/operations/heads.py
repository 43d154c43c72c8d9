"""The heads of the audit chains, in a file outside the database.

Who rewrites rows and seals alike cannot also rewrite what stands on another disk. The file belongs to the
platform's worker; copying it elsewhere each day makes it worth more.
"""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from apps.events.domain.sealing import BEGUN, Head

logger = logging.getLogger(__name__)


def kept_heads(ledger: str = "") -> dict[int, Head]:
    """By company the head that is kept; empty when nothing was kept yet. Raises ValueError when the
    file is not what was written. A `ledger` other than companies' audits has a file of its own."""
    with suppress(FileNotFoundError):
        found = json.loads(_path(ledger).read_text())
        return {int(key): Head(number, digest) for key, (number, digest) in found.items()}
    return {}


def begin_heads(chains: Iterable[int], ledger: str = "") -> None:
    """Before the first seals of these chains: from now on a head that is not kept is one that was lost.

    What is kept stays. Rows are sealed even where the file cannot be written: then their chains have no head.
    """
    try:
        kept = kept_heads(ledger)
        if new := {key: BEGUN for key in chains if key not in kept}:
            keep_heads({**kept, **new}, ledger)
    except (OSError, ValueError):
        logger.exception("the heads of new chains cannot be kept")


def keep_heads(heads: Mapping[int, Head], ledger: str = "") -> None:
    """Keep these, and nothing else; a crash leaves the file as it was, or as it will be."""
    path = _path(ledger)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("w") as file:
        json.dump({str(key): [head.number, head.digest] for key, head in heads.items()}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _path(ledger: str) -> Path:
    path = Path(settings.PERUSE_AUDIT_HEADS)
    return path.with_name(f"{ledger}-{path.name}") if ledger else path
