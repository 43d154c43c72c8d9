"""A real browser, and a portal with what a module's SCENARIO says, for tests of this folder.

`scene` is where a module adds what happened before anybody looks, by a fixture of its own with that name.
A browser keeps an event loop in this thread, which keeps Django's database away: make scenes before it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.steps import browsing
from tests.conftest import Portal
from tests.serving import Serving, serving


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing() as chrome:
        yield chrome


@pytest.fixture
def scene(fresh_database: Portal, request: pytest.FixtureRequest, tmp_path: Path) -> Portal:
    """The cast's database with the module's SCENARIO (YAML) in it."""
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(request.module.SCENARIO)
    fresh_database.load_scenario(scenario)
    return fresh_database


@pytest.fixture
def portal(scene: Portal, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Serving]:
    """The scene behind a real server; with the console where the module says `CONSOLE = True`."""
    console = getattr(request.module, "CONSOLE", False)
    with serving(scene.database, tmp_path / "portal.log", console=console) as running:
        yield running
