"""One judge per process that asks: started on demand, again after a crash, gone with its owner."""

import json
import os
import subprocess
import sys
import threading
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

from apps.billing.domain.einvoice.findings import (
    NOT_JUDGED,
    STOPPED,
    TOO_LARGE,
    Examined,
    Finding,
    Severity,
)
from apps.billing.domain.einvoice.safe_xml import MOST_FILE_BYTES

_ROOT = Path(__file__).parents[3]
_CHILD = "apps.billing.judging.child"
_LENGTH = 4
_SECONDS, _IDLE_SECONDS, _MEMORY = 20, 300, 1 << 30
# The kernel's alarm in the child comes first; this is for a child that was halted.
_GRACE_SECONDS = 5


class Gone(Exception):
    """The process ended before it answered."""


class Judge:
    """Findings of documents, one at a time, by a process that lives until nobody asks for long."""

    def __init__(
        self,
        seconds: int = _SECONDS,
        idle_seconds: int = _IDLE_SECONDS,
        memory: int = _MEMORY,
        grace_seconds: int = _GRACE_SECONDS,
    ) -> None:
        self._seconds, self._grace_seconds = seconds, grace_seconds
        self._limits = (str(seconds), str(idle_seconds), str(memory))
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def findings(self, content: bytes) -> tuple[Finding, ...]:
        """What the rules say; what is only true of the examination is a finding too."""
        return self.examine(content).findings

    def examine(self, content: bytes) -> Examined:
        """An XML, or the one inside a PDF, and its findings. Where the judge ends over a file twice,
        or is stopped in time, that is a finding of the file."""
        if len(content) > MOST_FILE_BYTES:
            return _only(TOO_LARGE, f"{len(content)} bytes, at most {MOST_FILE_BYTES}")
        with self._lock:
            for _attempt in range(2):
                asked_at = time.monotonic()
                try:
                    return self._ask(content)
                except Gone:
                    if time.monotonic() - asked_at >= self._seconds:
                        return _only(STOPPED, f"stopped after {self._seconds} s")
        return _only(NOT_JUDGED, "")

    def close(self) -> None:
        """End the process; the next question starts another."""
        with self._lock:
            self._end()

    def forget(self) -> None:
        """In a forked copy of the owner: the process is the other's. Its pipes are closed here, so
        that it hears when the owner goes."""
        self._lock = threading.Lock()
        process, self._process = self._process, None
        if process is not None:
            process.returncode = 0
            _close_pipes(process)

    def _ask(self, content: bytes) -> Examined:
        process = self._running()
        guard = threading.Timer(self._seconds + self._grace_seconds, process.kill)
        guard.daemon = True
        guard.start()
        try:
            answer = _exchange(process, content)
        except OSError:
            answer = None
        finally:
            guard.cancel()
        if answer is None:
            self._end()
            raise Gone
        return _examined(json.loads(answer), content)

    def _running(self) -> subprocess.Popen[bytes]:
        """A process that ended while it waited is replaced without a word."""
        process = self._process
        if process is None or process.poll() is not None:
            self._end()
            process = self._process = _start(self._limits)
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            _close_pipes(process)


def _start(limits: tuple[str, str, str]) -> subprocess.Popen[bytes]:
    """A thread waits for its end, so that no dead process stays in the system's table."""
    environment = {
        name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "HOME"}
    }
    process = subprocess.Popen(
        [sys.executable, "-m", _CHILD, *limits],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        cwd=_ROOT,
        env=environment,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, name="judge-end", daemon=True).start()
    return process


def _only(rule: str, words: str) -> Examined:
    return Examined(b"", (Finding(rule, Severity.ERROR, "", words),))


def _examined(answer: dict[str, Any], content: bytes) -> Examined:
    xml = answer["xml"]
    findings = (
        Finding(**{**row, "severity": Severity(row["severity"])}) for row in answer["findings"]
    )
    return Examined(content if xml is None else b64decode(xml), tuple(findings))


def _exchange(process: subprocess.Popen[bytes], content: bytes) -> bytes | None:
    """One frame there and one back; None when the process ended before it answered whole."""
    assert process.stdin is not None
    assert process.stdout is not None
    _write_all(process.stdin.fileno(), len(content).to_bytes(_LENGTH, "big") + content)
    head = _read_all(process.stdout.fileno(), _LENGTH)
    return head and _read_all(process.stdout.fileno(), int.from_bytes(head, "big"))


def _write_all(pipe: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(pipe, rest) :]


def _read_all(pipe: int, length: int) -> bytes | None:
    parts = []
    while length > 0:
        part = os.read(pipe, min(length, 1 << 16))
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


judge = Judge()
os.register_at_fork(after_in_child=judge.forget)
