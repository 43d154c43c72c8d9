"""The stage of a bench: a database of its own, and the portal's own web processes on it."""

import itertools
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from portal.local import connection as local
from portal.local.ports import listen
from portal.local.processes import end_with_parent
from portal.local.programs import FRUGAL, web_program
from tests.databases import ROOT

BROKER_SHELF = 9  # a database of the broker that no portal process listens to
LOG = Path(os.environ.get("TMPDIR", "/tmp")) / "peruse-bench.log"


def present() -> datetime:
    """The present to the minute."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


@dataclass(frozen=True)
class Stage:
    """Where a bench plays: `quick` asks for small figures."""

    database: str
    quick: bool
    full: bool
    now: datetime

    def owner(self) -> psycopg.Connection[Any]:
        """A connection as the owner of all tables: sets the scene, and is the measure of COPY."""
        connection = self.login("admin")
        connection.execute("set role peruse_owner")
        return connection

    def login(self, name: str) -> psycopg.Connection[Any]:
        """A connection as a login of the portal or the server's administrator, autocommitting."""
        found = local.parameters(name, self.database)
        return psycopg.connect(
            host=found["HOST"], port=found["PORT"], user=found["USER"],
            password=found["PASSWORD"], dbname=self.database, autocommit=True,
        )  # fmt: skip

    def environment(self, login: str = "app") -> dict[str, str]:
        """What a portal process on this stage is started with."""
        return {
            **os.environ, **FRUGAL, "PERUSE_DATABASE": self.database, "PERUSE_LOGIN": login,
            "PERUSE_STATIC": "collected", "PERUSE_LOG_LEVEL": "WARNING",
            "CELERY_BROKER_URL": broker(),
        }  # fmt: skip

    def python(self, *words: str, login: str = "app") -> "subprocess.Popen[str]":
        """`python -m words…` on this stage."""
        return subprocess.Popen(
            [sys.executable, "-m", *words], cwd=ROOT, env=self.environment(login), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    @contextmanager
    def web(self) -> Iterator["Web"]:
        """The portal as it is deployed: two web processes with four threads each."""
        listener = listen(18000)
        listener.listen(2048)
        port = listener.getsockname()[1]
        program = web_program("web", "portal.wsgi", listener, {"PERUSE_PORT": str(port)}, workers=2)
        with LOG.open("ab") as log:
            process = subprocess.Popen(
                program.command, cwd=ROOT, env={**self.environment(), **program.environment},
                pass_fds=program.files, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=end_with_parent if sys.platform == "linux" else None,
            )  # fmt: skip
        try:
            wait_for(port)
            yield Web(process.pid, port)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)
            listener.close()


class Workers:
    """Worker processes that are ready to do a company's waiting jobs of a kind, from both ends."""

    def __init__(self, stage: Stage, company: int, kind: str, processes: int) -> None:
        ends = itertools.islice(itertools.cycle(("front", "back")), processes)
        self.running = [stage.python("tests.bench.worker", str(company), kind, end) for end in ends]
        for worker in self.running:
            assert worker.stdout is not None
            worker.stdout.readline()

    def work(self) -> list[dict[str, float]]:
        """Until no job waits. Of each worker its `seconds`, its peak `memory` in MiB and its `jobs`."""
        for worker in self.running:
            assert worker.stdin is not None
            worker.stdin.write("\n")
            worker.stdin.flush()
        return [json.loads(worker.communicate()[0]) for worker in self.running]


@dataclass(frozen=True)
class Web:
    """Running web processes."""

    pid: int
    port: int

    def memory(self) -> float:
        """MiB resident of the larger worker."""
        return max(resident(pid) for pid in children(self.pid))

    def processor_seconds(self) -> float:
        """Processor time of the workers so far."""
        return processor_seconds(children(self.pid))


def broker() -> str:
    """The broker's address with a shelf of our own, so that no portal at work hears us ring."""
    address = local.broker_url()
    if not address.startswith("redis+socket:") or "virtual_host" in address:
        return address
    return f"{address}?virtual_host={BROKER_SHELF}"


def empty_broker() -> None:
    """Throw away what was rung for on our shelf."""
    import redis

    path, _, shelf = broker().removeprefix("redis+socket://").partition("?virtual_host=")
    if shelf == str(BROKER_SHELF):
        redis.Redis(unix_socket_path=path, db=BROKER_SHELF).flushdb()


def wait_for(port: int, seconds: float = 120) -> None:
    """Until the portal answers anything at all."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as one:
            one.sendall(b"GET / HTTP/1.0\r\nHost: nobody.localhost\r\n\r\n")
            if one.recv(16).startswith(b"HTTP/"):
                return
        time.sleep(0.2)
    raise RuntimeError(f"the portal does not answer, see {LOG}")


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def processor_seconds(pids: Iterable[int]) -> float:
    """Seconds of processor time these processes have used, in user and kernel mode together."""
    ticks = 0
    for pid in pids:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """MiB a process holds now."""
    for row in Path(f"/proc/{pid}/status").read_text().splitlines():
        if row.startswith("VmRSS:"):
            return int(row.split()[1]) / 1024
    return 0.0


def own_peak() -> float:
    """MiB this process held at most."""
    status = Path("/proc/self/status")
    if status.exists():
        # ru_maxrss is inherited from the process that started this one.
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work: Any) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def machine(stage: Stage) -> Mapping[str, str]:
    """What the figures were measured on."""
    with stage.owner() as connection:
        version = connection.execute("show server_version").fetchone()
        buffers = connection.execute("show shared_buffers").fetchone()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "Cores": str(os.cpu_count()),
        "Memory": f"{memory:.0f} GiB",
        "PostgreSQL": f"{version[0]}, shared_buffers {buffers[0]}" if version and buffers else "?",
        "Python": sys.version.split()[0],
        "Date": f"{stage.now:%Y-%m-%d}",
        "Load before the run": f"{load_before():.1f}",
    }


def load_before() -> float:
    return os.getloadavg()[0]


def days(number: float) -> timedelta:
    return timedelta(days=number)
