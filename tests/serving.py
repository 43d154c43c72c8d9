"""A real portal for browser tests and pictures: web server, workers and beat on a database of its own."""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from portal.local import connection as local
from portal.local.programs import FRUGAL, WORKER
from tests import databases

PORTALS = itertools.count()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_broker() -> str:
    """A virtual host of the local Valkey, so that no other portal's workers hear our bells.

    Each of three test processes has four of its own and takes them in turn.
    """
    url = local.broker_url()
    process = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    number = 2 + int(process) % 3 * 4 + next(PORTALS) % 4
    return f"{url}?virtual_host={number}" if url.startswith("redis+socket") else url


class Serving:
    """Processes of one portal. `address(slug)` is where a company's portal answers."""

    def __init__(self, database: str, log: Path, *, console: bool = False) -> None:
        self.database, self.log, self.port = database, log, free_port()
        self.console_port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.with_console = console
        self.broker = own_broker()

    def environment(self, login: str = "app", **more: str) -> dict[str, str]:
        return {
            **os.environ,
            **FRUGAL,
            "PERUSE_DATABASE": self.database,
            "PERUSE_LOGIN": login,
            "PERUSE_PORT": str(self.port),
            "PERUSE_CONSOLE_PORT": str(self.console_port),
            "CELERY_BROKER_URL": self.broker,
            # A walk takes longer than a person does.
            "PERUSE_CONFIRMED_SECONDS": os.environ.get("PERUSE_CONFIRMED_SECONDS", "3600"),
            "PERUSE_MFA": os.environ.get("PERUSE_MFA", "off"),
            **more,
        }

    def address(self, slug: str = "", path: str = "/") -> str:
        host = f"{slug}.peruse.localhost" if slug else "peruse.localhost"
        return f"http://{host}:{self.port}{path}"

    def start(self) -> None:
        python = [sys.executable, "-m"]
        gunicorn = [*python, "gunicorn", "--no-control-socket", "--worker-class", WORKER]
        gunicorn += ["--threads", "4", "--bind"]
        self._run([*gunicorn, f"127.0.0.1:{self.port}", "-w", "2", "--preload", "portal.wsgi"])
        celery = [*python, "celery", "-A", "portal", "worker", "-c", "1", "-l", "warning"]
        self.start_worker()
        # The scheduler lives in the platform's worker: one process less to start for each test.
        schedule = str(self.log.parent / f"beat-{self.port}")
        platform = ["-Q", "platform", "-n", "plat@%h", "-B", "-s", schedule]
        self._run([*celery, *platform], login="ops")
        if self.with_console:
            bind = f"127.0.0.1:{self.console_port}"
            self._run(
                [*gunicorn, bind, "-w", "1", "portal.console_wsgi"],
                login="ops",
                PERUSE_PROCESS="console",
            )
        self._wait()

    def start_worker(self) -> None:
        """One that does companies' jobs."""
        celery = [sys.executable, "-m", "celery", "-A", "portal", "worker", "-c", "1"]
        self._run([*celery, "-l", "warning", "-Q", "company"])
        self.worker = self.processes[-1]

    def kill_worker(self) -> None:
        """As power that fails: nothing is finished or given back."""
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()

    def _run(self, command: list[str], login: str = "app", **more: str) -> None:
        with open(self.log, "ab") as output:
            process = subprocess.Popen(
                command,
                cwd=databases.ROOT,
                env=self.environment(login, **more),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.processes.append(process)

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                request = urllib.request.Request(
                    f"http://127.0.0.1:{self.port}/", headers={"Host": "peruse.localhost"}
                )
                urllib.request.urlopen(request, timeout=5)
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise RuntimeError(f"the portal did not answer:\n{self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextlib.contextmanager
def serving(database: str, log: Path, *, console: bool = False) -> Iterator[Serving]:
    """A portal on this database, stopped at the end whatever happens."""
    portal = Serving(database, log, console=console)
    try:
        portal.start()
        yield portal
    finally:
        portal.stop()


def chromium() -> str:
    """The browser's path; raises RuntimeError with the loud reason when there is none."""
    found = subprocess.run(
        [str(databases.ROOT / "bin" / "chromium"), "find"],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode or not found.stdout.strip():
        raise RuntimeError(found.stderr.strip() or "no Chromium was found: run bin/chromium")
    return found.stdout.strip().splitlines()[-1]
