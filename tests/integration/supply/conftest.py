"""Fixtures of supply."""

from pathlib import Path
from typing import Any

import pytest

from apps.assets.models import Asset
from tests.integration.supply.scene import make_press


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def press(cast: dict[str, Any]) -> Asset:
    return make_press(cast)
