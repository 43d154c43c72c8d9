"""A child that ends is started again, later each time, and everything ends when told."""

import signal
import sys
import time
from pathlib import Path

from portal.local import processes
from portal.local.processes import Child, Program


class Clock:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def python(text: str) -> Program:
    return Program("thing", [sys.executable, "-c", text], {"GREETING": "hello"})


def child(text: str, folder: Path, clock: Clock, said: list[str]) -> Child:
    return Child(python(text), folder / "logs" / "thing.log", said.append, clock)


def wait_for_end(one: Child) -> None:
    assert one.process is not None
    one.process.wait(10)


def test_output_goes_to_the_log_and_the_environment_is_given(tmp_path: Path) -> None:
    one = child("import os; print(os.environ['GREETING'])", tmp_path, Clock(), [])
    one.start()
    wait_for_end(one)
    assert one.log.read_text() == "hello\n"


def test_pauses_grow_and_shrink_again_after_a_steady_time(tmp_path: Path) -> None:
    clock, said = Clock(), []
    one = child("raise SystemExit(3)", tmp_path, clock, said)
    one.start()
    for pause in (1, 2, 4, 8, 16, 30, 30):
        wait_for_end(one)
        one.look_after()
        assert said[-1].startswith("thing ended (exit code 3)")
        assert said[-1].endswith(f"again in {pause} s.")
        clock.now += pause - 0.5
        one.look_after()
        assert not one.is_running()
        clock.now += 0.5
        one.look_after()
        assert one.start_at is None
    wait_for_end(one)
    clock.now += processes.STEADY
    one.look_after()
    assert said[-1].endswith("again in 1 s.")


def test_the_stubborn_are_killed_with_their_children(tmp_path: Path) -> None:
    text = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    one = child(text, tmp_path, Clock(), [])
    one.start()
    deadline = time.monotonic() + 10
    while not one.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    grandchild = int(one.log.read_text())
    processes.stop_all([one], patience=0.3)
    assert one.process is not None
    assert one.process.returncode == -signal.SIGKILL
    assert ends_soon(grandchild)


def ends_soon(pid: int) -> bool:
    """Whether it ends within some seconds: a kill is delivered when the kernel gets to it."""
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def alive(pid: int) -> bool:
    """Whether it still runs; an ended one that nobody collected does not count."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def test_endings_are_named() -> None:
    assert processes.ending(-9) == "SIGKILL"
    assert processes.ending(1) == "exit code 1"
