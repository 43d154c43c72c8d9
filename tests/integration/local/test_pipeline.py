"""`.ci/run` tries a few failed tests once more, alone, and names them; a fault stops it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from portal.local.state import CHECKOUT

# Each line of `outcomes` is what one `make test` says and ends with.
MAKE = """#!/bin/sh
echo "$@" >> asked
[ "$1" = check ] && exit 0
text=$(head -n 1 outcomes); sed -i 1d outcomes
printf '%b\\n' "$text"
case "$text" in *failed*) exit 2 ;; esac
"""
FAILED = "FAILED tests/a.py::test_{0} - it broke\\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".ci").mkdir()
    shutil.copy(CHECKOUT / ".ci/run", tmp_path / ".ci/run")
    stand_in = tmp_path / "bin/make"
    stand_in.parent.mkdir()
    stand_in.write_text(MAKE)
    stand_in.chmod(0o755)
    return tmp_path


def ran(checkout: Path, *outcomes: str) -> "subprocess.CompletedProcess[str]":
    (checkout / "outcomes").write_text("\n".join(outcomes) + "\n")
    path = f"{checkout / 'bin'}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(checkout)}
    return subprocess.run(
        [checkout / ".ci/run"], env=environment, text=True, capture_output=True, check=False
    )


def test_a_green_run_asks_once(checkout: Path) -> None:
    done = ran(checkout, "3 passed")
    assert done.returncode == 0
    assert done.stdout.endswith("Summary:\n3 passed\n")
    assert (checkout / "asked").read_text() == "check\ntest\n"


def test_what_passes_alone_is_named(checkout: Path) -> None:
    done = ran(checkout, FAILED.format(1) + "1 failed, 2 passed", "1 passed")
    assert done.returncode == 0
    assert "Unsteady, passed only alone:\nFAILED tests/a.py::test_1" in done.stdout
    assert "--last-failed" in (checkout / "asked").read_text()


def test_a_fault_fails_twice(checkout: Path) -> None:
    said = FAILED.format(1) + "1 failed, 2 passed"
    assert ran(checkout, said, said).returncode != 0


@pytest.mark.parametrize("failures", [0, 4])
def test_many_failures_or_none_named_are_not_tried_again(checkout: Path, failures: int) -> None:
    said = "".join(FAILED.format(number) for number in range(failures))
    assert ran(checkout, said + "it failed", "4 passed").returncode != 0
    assert (checkout / "asked").read_text() == "check\ntest\n"
