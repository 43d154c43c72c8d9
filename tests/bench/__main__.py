"""`python -m tests.bench [names…] [--quick] [--full] [--write]`: what `make bench` runs."""

import argparse
import os
import sys
from importlib import import_module

BENCHES = (
    "intake", "usage", "billing", "pages", "records", "settlement", "documents", "network", "peer",
    "tenants",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run the named benches (all by default), each on a database of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="smaller figures, under a minute each")
    parser.add_argument("--full", action="store_true", help="more tenants, more rounds")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.names) - set(BENCHES))
    if unknown:
        parser.error(f"no bench named {', '.join(unknown)}; there are {', '.join(BENCHES)}")

    from portal.local import servers, static

    with servers.in_use():
        static.collect()
        return measure(chosen)


def measure(chosen: argparse.Namespace) -> int:
    from tests import databases
    from tests.bench import report
    from tests.bench.stage import Stage, machine, present

    results, facts = [], {}
    for name in chosen.names or BENCHES:
        database = f"peruse_bench_{os.getpid()}_{name}"
        databases.clone(database)
        try:
            open_portal(database)
            stage = Stage(database, chosen.quick, chosen.full, present())
            facts = facts or dict(machine(stage))
            print(f"{name}:", flush=True)
            results.append(import_module(f"tests.bench.{name}").run(stage))
        finally:
            close_portal()
            databases.drop(database)
    print(report.text(results))
    if chosen.write:
        report.write(results, facts, sys.argv[1:])
    return 0


def open_portal(database: str) -> None:
    """This process asks as a portal process does, on the given database."""
    os.environ.update(PERUSE_DATABASE=database, PERUSE_LOGIN="ops", PERUSE_LOG_LEVEL="WARNING")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from tests.bench.stage import broker

    os.environ["CELERY_BROKER_URL"] = broker()
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = database


def close_portal() -> None:
    """Let go of the database, and of all this process remembers of it."""
    from django.db import connection

    from apps.tenancy.middleware import forget_hosts
    from tests.bench.stage import empty_broker

    connection.set_schema_to_public()  # type: ignore[attr-defined]
    connection.close()
    forget_hosts()
    empty_broker()
    os.environ.pop("CELERY_BROKER_URL", None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
