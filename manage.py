#!/usr/bin/env python
"""Django's command line. Commands that make or cross companies log in as operations."""

import os
import sys

# All others run with the application's login, which cannot pass the fence.
OPERATIONS = {
    "migrate",
    "migrate_schemas",
    "load_scenario",
    "load_demo",
    "check_invariants",
    "demo_addresses",
    "create_person",
    "shell",
    "dbshell",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    os.environ.setdefault("PERUSE_LOGIN", "ops" if command in OPERATIONS else "app")
    # A command says itself what it does; the lines of jobs and requests are for processes that stay.
    os.environ.setdefault("PERUSE_LOG_LEVEL", "WARNING")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
