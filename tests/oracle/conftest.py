"""Fixtures of the stories."""

from typing import Any

import pytest

from apps.events.domain import registry


@pytest.fixture(autouse=True)
def no_papers(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> None:
    """Stories are about what is billed: laying out each document would take longer than all else."""
    settings.MEDIA_ROOT = tmp_path / "files"
    kind = "billing.store_documents"
    nothing = registry.Handler(kind, lambda job, now: {}, atomic=True)
    monkeypatch.setitem(registry._handlers, kind, nothing)
