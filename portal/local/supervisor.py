"""One command in the foreground that runs the whole portal until Ctrl-C."""

import fcntl
import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from portal.local import ports, processes, servers, state, static
from portal.local.processes import Child, Program
from portal.local.programs import MANAGE, payment_environment, portal_programs, stand_in
from portal.local.state import LocalError

WEB_PORT, CONSOLE_PORT, STRIPE_PORT = 8000, 8001, 8100
FIRST_ANSWER_SECONDS = 90
# The console has tables of its own, which only its settings know.
MIGRATING = {"PERUSE_LOGIN": "ops", "PERUSE_PROCESS": "console"}
# What the demo's past would have mailed is not.
UNMAILED = {"PERUSE_EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
LOG_LIMIT = 20_000_000  # bytes; a longer log is put aside as NAME.log.1 at the next start


def run(demo: bool) -> int:
    """Start everything and stay; returns the exit code. One per checkout: a second one says so."""
    with only_one() as first:
        if not first:
            say(whereabouts())
            return 0
        with ending_on_signals():
            try:
                run_until_told(demo)
            except KeyboardInterrupt:
                say("Stopped.")
    return 0


def run_until_told(demo: bool) -> None:
    say("Starting database and broker …")
    with servers.in_use(), listeners() as (web, console, stripe):
        web_port, console_port = web.getsockname()[1], console.getsockname()[1]
        payments = payment_environment(stripe, web_port)
        ports_told = {"PERUSE_PORT": str(web_port), "PERUSE_CONSOLE_PORT": str(console_port)}
        environment = ports_told | payments
        note_whereabouts(web_port, console_port)
        prepare(demo, environment)
        programs = portal_programs(web, console, demo, payments)
        if payments:
            programs.insert(0, stand_in(stripe, payments))
        children = [child_of(program) for program in programs]
        try:
            say("Starting web, console, workers and schedule …")
            for child in children:
                child.start()
            wait_for_answer(children, web_port)
            announce(demo, web_port, console_port, environment)
            while True:
                look_after(children)
        finally:
            say("Stopping …")
            processes.stop_all(children)


def prepare(demo: bool, environment: dict[str, str]) -> None:
    say("Bringing the database up to date …")
    step("migrate", [*MANAGE, "migrate_schemas"], MIGRATING | environment)
    static.collect()
    if demo:
        say("Loading the demo …")
        loading = {**environment, **UNMAILED, "PERUSE_LOGIN": "ops"}
        step("load_demo", [*MANAGE, "load_demo"], loading, True)


def announce(demo: bool, web_port: int, console_port: int, environment: dict[str, str]) -> None:
    say(f"\nThe portal answers at {address(web_port)}")
    say(f"The operator's console is at {address(console_port, 'console.')}")
    if demo:
        command = [*MANAGE, "demo_addresses", "--port", str(web_port)]
        step("demo_addresses", command, {**environment, "PERUSE_LOGIN": "ops"}, True)
    if "STRIPE_API_BASE" in environment:
        say("Payments go to a stand-in for Stripe on this machine; no money moves.")
    say(f"Logs are in {logs()}. Ctrl-C stops everything.\n")


def domain() -> str:
    return os.environ.get("PERUSE_DOMAIN", "peruse.localhost")


def address(port: int, prefix: str = "") -> str:
    return f"http://{prefix}{domain()}:{port}/"


def look_after(children: Sequence[Child]) -> None:
    for child in children:
        child.look_after()
    time.sleep(0.2)


# --- steps before the start -------------------------------------------------------------------


def step(
    name: str, command: Sequence[str], environment: dict[str, str], visible: bool = False
) -> None:
    """Run one command to its end; its output goes to the terminal or into its log."""
    log = log_path(name)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=state.CHECKOUT,
            env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=None if visible else output,
            stderr=None if visible else subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait()
        except BaseException:
            process.terminate()
            wait_or_kill(process)
            raise
    if code:
        said = "" if visible else "\n" + tail(log)
        raise LocalError(f"`{' '.join(command[1:])}` failed ({processes.ending(code)}).{said}")


def wait_or_kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(processes.PATIENCE)
    except subprocess.TimeoutExpired:
        processes.kill_group(process.pid)


def wait_for_answer(children: Sequence[Child], port: int) -> None:
    """Any answer to a plain request counts; while waiting, ended children start again."""
    deadline = time.monotonic() + FIRST_ANSWER_SECONDS
    while not answers(port):
        look_after(children)
        if time.monotonic() > deadline:
            raise LocalError(f"The portal does not answer.\n{tail(log_path('web'))}")


def answers(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", "/", headers={"Host": f"{domain()}:{port}"})
            return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False


# --- terminal, logs, signals ------------------------------------------------------------------


def say(text: str) -> None:
    print(text, flush=True)


def logs() -> Path:
    folder = state.prepare_state() / "logs"
    folder.mkdir(exist_ok=True)
    return folder


def log_path(name: str) -> Path:
    return logs() / f"{name}.log"


def child_of(program: Program) -> Child:
    log = log_path(program.name)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    return Child(program, log, say)


def tail(path: Path, lines: int = 25) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """The first Ctrl-C, TERM or hang-up ends politely; later ones cannot interrupt that."""
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number: int, frame: FrameType | None) -> None:
        for each in wanted:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, end) for each in wanted}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


# --- one per checkout -------------------------------------------------------------------------


@contextmanager
def only_one() -> Iterator[bool]:
    """Yields whether this process is the checkout's only supervisor."""
    with (state.prepare_state() / "supervisor.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            whereabouts_path().unlink(missing_ok=True)


def whereabouts_path() -> Path:
    return state.state_dir() / "running.json"


def note_whereabouts(web_port: int, console_port: int) -> None:
    found = {"pid": os.getpid(), "port": web_port, "console_port": console_port}
    state.write_private(whereabouts_path(), json.dumps(found))


def running() -> dict[str, Any]:
    """Process and ports of the supervisor that runs, empty when none does."""
    try:
        return dict(json.loads(whereabouts_path().read_text()))
    except FileNotFoundError:
        return {}


def whereabouts() -> str:
    found = running()
    if not found:
        return "This checkout is just starting or stopping in another terminal."
    return (
        f"This checkout already runs (process {found['pid']}): {address(found['port'])}, "
        f"console {address(found['console_port'], 'console.')}"
    )


@contextmanager
def listeners() -> Iterator[tuple[Any, Any, Any]]:
    """Of web, console and the stand-in for Stripe, which only this machine reaches."""
    host = os.environ.get("PERUSE_LISTEN", "127.0.0.1")
    web = ports.listen(int(os.environ.get("PERUSE_PORT", WEB_PORT)), host)
    console = ports.listen(int(os.environ.get("PERUSE_CONSOLE_PORT", CONSOLE_PORT)), host)
    stripe = ports.listen(STRIPE_PORT)
    with web, console, stripe:
        yield web, console, stripe


def stop_running(patience: float = 30) -> None:
    """End the supervisor of this checkout, wherever it was started, and wait for it."""
    with only_one() as nobody:
        if nobody:
            return
    pid = running().get("pid")
    if pid:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with only_one() as gone:
            if gone:
                return
        time.sleep(0.1)
    raise LocalError("What runs in another terminal does not stop.")


def run_with_servers(command: Sequence[str]) -> int:
    """Run `command` while the servers run; its exit code."""
    if not command:
        raise LocalError("with: name a command after --")
    with servers.in_use():
        process = subprocess.Popen(command, env={**os.environ, servers.HELD: "1"})
        # Ctrl-C reaches the command by itself; the servers must outlive its clean-up.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()
