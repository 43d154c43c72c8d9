"""The one command runs everything, keeps it running, and leaves nothing behind.

A small project stands in for the portal: what is tried here is the supervisor.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from portal.local import ports
from portal.local.state import CHECKOUT

WSGI = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello from NAME"]
"""
CELERY = """
from celery import Celery
from portal.local import connection
app = Celery("portal", broker=connection.broker_url())
"""
MANAGE = """
import os, sys, time
print("manage", *sys.argv[1:], os.environ.get("PERUSE_LOGIN"), flush=True)
command = sys.argv[1]
if command in os.environ.get("FAILING", ""):
    sys.exit("the reason it failed")
while command == "simulate":
    time.sleep(1)
"""
FILES = {
    "portal/__init__.py": "",
    "portal/wsgi.py": WSGI.replace("NAME", "web"),
    "portal/console_wsgi.py": WSGI.replace("NAME", "console"),
    "portal/celery.py": CELERY,
    "manage.py": MANAGE,
}


class Run:
    """A supervisor in a checkout of its own."""

    def __init__(self, checkout: Path, environment: dict[str, str]) -> None:
        self.checkout = checkout
        self.environment = environment
        self.output = checkout / "output"
        self.process = self.start(self.output)

    def start(self, output: Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "portal.local", "demo"]
        with output.open("wb") as file:
            return subprocess.Popen(
                command,
                cwd=self.checkout,
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def whereabouts(self) -> dict[str, Any]:
        return dict(json.loads((self.checkout / ".peruse/running.json").read_text()))

    def relatives(self, text: str = "") -> list[psutil.Process]:
        """Living processes of this checkout that have `text` in their command, servers included."""
        texts = ((one, text_of(one)) for one in psutil.process_iter())
        return [one for one, said in texts if str(self.checkout) in said and text in said]

    def leaves_nothing(self) -> bool:
        """Whether all are gone; the kernel takes a moment to end a killed one."""
        wait_until(lambda: not self.relatives(), 30)
        return True


def text_of(process: psutil.Process) -> str:
    """Folder and command, read once: empty when it has ended or ends while it is read."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return f"{process.cwd()} {' '.join(process.cmdline())}"
    except psutil.Error:
        return ""


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def read(port: int) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        return bytes(answer.read())


@pytest.fixture
def environment() -> dict[str, str]:
    wanted = {name: value for name, value in os.environ.items() if "URL" not in name}
    for name in ("PERUSE_STATE", "DJANGO_SETTINGS_MODULE"):
        wanted.pop(name, None)
    with ports.listen(0) as probe:
        wanted["PERUSE_PORT"] = str(probe.getsockname()[1])
    wanted["PERUSE_CONSOLE_PORT"] = "0"
    return wanted


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    shutil.copytree(CHECKOUT / "portal/local", tmp_path / "portal/local")
    shutil.copy(CHECKOUT / "portal/web.py", tmp_path / "portal")
    return tmp_path


@pytest.fixture
def run(checkout: Path, environment: dict[str, str]) -> Iterator[Run]:
    one = Run(checkout, environment)
    yield one
    if one.process.poll() is None:
        one.process.send_signal(signal.SIGTERM)
        one.process.wait(30)
    for left in one.relatives():
        with suppress(psutil.NoSuchProcess):
            left.kill()


def up(run: Run) -> bool:
    assert run.process.poll() is None, run.said()
    return "Ctrl-C stops everything" in run.said()


def test_everything_runs_until_told_and_then_nothing_is_left(run: Run) -> None:
    wait_until(lambda: up(run))
    said = run.said()
    assert "manage load_demo ops" in said
    port = run.whereabouts()["port"]
    assert f"manage demo_addresses --port {port} ops" in said
    assert read(port) == b"hello from web"
    assert read(run.whereabouts()["console_port"]) == b"hello from console"
    assert "manage simulate app" in (run.checkout / ".peruse/logs/simulator.log").read_text()
    workers = [run.checkout / f".peruse/logs/{name}.log" for name in ("worker", "platform-worker")]
    wait_until(lambda: all("ready." in path.read_text() for path in workers))
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(30) == 0
    assert run.leaves_nothing()
    assert not (run.checkout / ".peruse/running.json").exists()


def test_a_second_one_says_where_the_first_runs(run: Run) -> None:
    wait_until(lambda: up(run))
    output = run.checkout / "second"
    assert run.start(output).wait(30) == 0
    found = run.whereabouts()
    assert f"process {found['pid']}" in output.read_text()
    assert f":{found['port']}/" in output.read_text()
    assert read(found["port"]) == b"hello from web"


def test_what_ends_is_started_again_on_the_same_port(run: Run) -> None:
    wait_until(lambda: up(run))
    port = run.whereabouts()["port"]
    for one in run.relatives("portal.wsgi"):
        with suppress(psutil.NoSuchProcess):
            one.kill()
    wait_until(lambda: "web ended (SIGKILL)" in run.said())
    wait_until(lambda: bool(run.relatives("portal.wsgi")))
    wait_until(lambda: read(port) == b"hello from web")


def test_a_killed_supervisor_leaves_no_process_on_its_port(run: Run) -> None:
    wait_until(lambda: up(run))
    run.process.kill()
    run.process.wait()
    wait_until(lambda: not run.relatives("gunicorn") and not run.relatives("celery"))
    again = Run(run.checkout, run.environment)
    wait_until(lambda: up(again))
    again.process.send_signal(signal.SIGTERM)
    assert again.process.wait(30) == 0
    assert run.leaves_nothing()


def test_a_failing_step_says_why_and_leaves_nothing(
    checkout: Path, environment: dict[str, str]
) -> None:
    one = Run(checkout, {**environment, "FAILING": "migrate_schemas"})
    assert one.process.wait(60) == 1
    assert "`manage.py migrate_schemas` failed (exit code 1)" in one.said()
    assert "the reason it failed" in one.said()
    assert "Traceback" not in one.said()
    assert one.leaves_nothing()


def test_stop_ends_it_from_another_terminal(run: Run) -> None:
    wait_until(lambda: up(run))
    stop = [sys.executable, "-m", "portal.local", "stop"]
    subprocess.run(stop, cwd=run.checkout, env=run.environment, check=True, timeout=40)
    assert run.process.wait(5) == 0
    assert run.leaves_nothing()
