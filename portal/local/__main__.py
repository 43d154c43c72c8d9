"""`python -m portal.local COMMAND`: what runs on this machine for this checkout."""

import argparse
import sys
from collections.abc import Callable

from portal.local import postgres, provision, servers, static, supervisor
from portal.local.state import LocalError


def start_servers() -> int:
    servers.start()
    servers.keep_running(True)
    print("Database and broker run; `python -m portal.local stop` stops them.")
    return 0


def stop() -> int:
    supervisor.stop_running()
    servers.keep_running(False)
    servers.stop()
    return 0


def provision_server() -> int:
    provision.provision_configured()
    print("Roles, logins, database and extensions are in place.")
    return 0


def collect_static() -> int:
    static.collect()
    return 0


def clean() -> int:
    stop()
    postgres.remove()
    return 0


COMMANDS: dict[str, tuple[Callable[[], int], str]] = {
    "up": (lambda: supervisor.run(demo=False), "start everything, stay until Ctrl-C"),
    "demo": (lambda: supervisor.run(demo=True), "the same with demo companies"),
    "stop": (stop, "stop what runs in the background"),
    "servers": (start_servers, "start database and broker and leave them running"),
    "provision": (provision_server, "make roles and database on the configured server"),
    "static": (collect_static, "collect static files that changed"),
    "clean": (clean, "stop, and delete data kept outside the checkout"),
}


def main(arguments: list[str]) -> int:
    """`with -- COMMAND` runs a command while the servers run; the others take nothing."""
    try:
        if arguments[:1] == ["with"]:
            return supervisor.run_with_servers(
                arguments[2:] if arguments[1:2] == ["--"] else arguments[1:]
            )
        parser = argparse.ArgumentParser(prog="python -m portal.local")
        commands = parser.add_subparsers(dest="command", required=True)
        for name, (_, text) in COMMANDS.items():
            commands.add_parser(name, help=text)
        commands.add_parser("with", help="with -- COMMAND: run it while the servers run")
        return COMMANDS[parser.parse_args(arguments).command][0]()
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
