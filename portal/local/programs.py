"""The programs of a running portal, and as which of the two logins each connects."""

import os
import secrets
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from portal.local.processes import Program
from portal.local.state import state_dir

MANAGE = (sys.executable, "manage.py")
CELERY = (sys.executable, "-m", "celery", "-A", "portal")
GUNICORN = (sys.executable, "-m", "gunicorn", "--no-control-socket", "--graceful-timeout", "5")
WORKER = "portal.web.EvenWorker"

NOTHING: Mapping[str, str] = {}
# Threads share two heaps instead of one each, and numpy needs no threads: 14 MiB less a process.
FRUGAL = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1"}


def portal_programs(
    web: socket.socket, console: socket.socket, demo: bool, payments: Mapping[str, str] = NOTHING
) -> list[Program]:
    """What runs side by side; the two listeners are handed to the web processes.

    `payments` tells them how to reach the stand-in for Stripe, if it runs.
    """
    shared = {
        **payments,
        "PERUSE_PORT": str(web.getsockname()[1]),
        "PERUSE_CONSOLE_PORT": str(console.getsockname()[1]),
        "PYTHONUNBUFFERED": "1",
        "PERUSE_STATIC": "collected",
        **({"PERUSE_DEMO": "1"} if demo else {}),
        **FRUGAL,
    }
    app, operator = {**shared, "PERUSE_LOGIN": "app"}, {**shared, "PERUSE_LOGIN": "ops"}
    schedule = str(state_dir() / "beat-schedule")
    programs = [
        web_program("web", "portal.wsgi", web, app, workers=2),
        web_program("console", "portal.console_wsgi", console, operator, workers=1),
        Program("worker", (*CELERY, *worker_options("company", 2)), app),
        Program("platform-worker", (*CELERY, *worker_options("platform", 1)), operator),
        Program("beat", (*CELERY, "beat", "-l", "INFO", "-s", schedule, "--pidfile="), app),
    ]
    if demo:
        programs.append(Program("simulator", (*MANAGE, "simulate"), app))
    return programs


def payment_environment(listener: socket.socket, web_port: int) -> dict[str, str]:
    """Where Stripe's library finds the stand-in; nothing where a real key is set, or in production,
    where nobody may seem to have paid."""
    if os.environ.get("STRIPE_API_KEY") or os.environ.get("PERUSE_PRODUCTION") == "1":
        return {}
    domain = os.environ.get("PERUSE_DOMAIN", "peruse.localhost")
    return {
        "STRIPE_API_KEY": f"sk_test_{secrets.token_hex(16)}",
        "STRIPE_API_BASE": f"http://127.0.0.1:{listener.getsockname()[1]}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "STRIPE_WEBHOOK_URL": f"http://{domain}:{web_port}/webhooks/stripe/",
    }


def stand_in(listener: socket.socket, environment: Mapping[str, str]) -> Program:
    """The stand-in for Stripe."""
    words = ("--fd", str(listener.fileno()), "--state", str(state_dir() / "stripe.json"))
    command = (sys.executable, "-m", "portal.local.stripe", *words)
    return Program("stripe", command, {**environment, **FRUGAL}, files=(listener.fileno(),))


def web_program(
    name: str, module: str, listener: socket.socket, environment: Mapping[str, str], workers: int
) -> Program:
    options = ["--worker-class", WORKER, "--workers", str(workers), "--threads", "4"]
    if Path("/dev/shm").is_dir():
        # The workers' sign of life must not wait for a busy disk.
        options += ["--worker-tmp-dir", "/dev/shm"]
    bind = ["--bind", f"fd://{listener.fileno()}"]
    command = (*GUNICORN, *options, *bind, module)
    return Program(name, command, environment, files=(listener.fileno(),))


def worker_options(queue: str, processes: int) -> list[str]:
    names = ["worker", "-Q", queue, "-n", f"{queue}@%h", "-c", str(processes)]
    return [*names, "-l", "INFO", "--without-gossip", "--without-mingle"]
