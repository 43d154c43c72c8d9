"""One child process that is started again whenever it ends."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portal.local.state import CHECKOUT

LONGEST_PAUSE = 30.0  # seconds between two starts of a child that keeps ending
STEADY = 60.0  # seconds after which a child counts as well again
PATIENCE = 8.0  # seconds to end by itself before it is killed
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Program:
    """What to run; `files` are descriptors it inherits."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    files: tuple[int, ...] = ()


@dataclass
class Child:
    """A program that is kept running; `clock` gives seconds."""

    program: Program
    log: Path
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    pause: float = 1.0
    start_at: float | None = field(default=None)

    def start(self) -> None:
        self.process = launch(self.program, self.log)
        self.started = self.clock()
        self.start_at = None

    def look_after(self) -> None:
        """Called again and again: notice an end, start again when its pause is over."""
        if self.start_at is not None:
            if self.clock() >= self.start_at:
                self.start()
        elif self.process is not None and self.process.poll() is not None:
            self.plan_restart(self.process.returncode)

    def plan_restart(self, code: int) -> None:
        if self.clock() - self.started >= STEADY:
            self.pause = 1.0
        self.start_at = self.clock() + self.pause
        self.say(
            f"{self.program.name} ended ({ending(code)}), see {self.log}; "
            f"starting it again in {self.pause:.0f} s."
        )
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def kill(self) -> None:
        """End it with all it started; harmless when all ended already."""
        if self.process is not None:
            kill_group(self.process.pid)
            self.process.wait()


def ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def launch(program: Program, log: Path) -> "subprocess.Popen[bytes]":
    """Start it in a group of its own, so that Ctrl-C reaches only the supervisor."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            program.command,
            cwd=CHECKOUT,
            env={**os.environ, **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=program.files,
            start_new_session=True,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,
        )


def end_with_parent() -> None:
    """Even a killed supervisor leaves nothing behind that holds its ports."""
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)


def kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def stop_all(children: Sequence[Child], patience: float = PATIENCE) -> None:
    """Ask all at once, wait `patience` seconds for all together, kill what is left."""
    for child in children:
        child.ask_to_end()
    deadline = time.monotonic() + patience
    while any(child.is_running() for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    for child in children:
        child.kill()
