"""Each test has servers and a state folder of its own, stopped afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.local import servers

ADDRESSES = ("DATABASE_URL", "DATABASE_WEB_URL", "DATABASE_OPS_URL", "CELERY_BROKER_URL")


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in (*ADDRESSES, servers.HELD, "PERUSE_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PERUSE_STATE", str(tmp_path / "state"))
    yield tmp_path / "state"
    servers.stop()
