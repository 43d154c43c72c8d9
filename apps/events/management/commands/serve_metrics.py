"""Serve figures to Prometheus on a port of its own, which the public must not reach."""

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from apps.events.figures import PlatformFigures


class Command(BaseCommand):
    help = (
        "Serve /metrics: what the web and worker processes of this machine count "
        "(PROMETHEUS_MULTIPROC_DIR, the same for all of them), and with --platform the jobs, "
        "messages, companies and connections of the whole (PERUSE_LOGIN=ops)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--address", default="127.0.0.1", help="default 127.0.0.1")
        parser.add_argument("--port", type=int, default=9464, help="default 9464")
        parser.add_argument("--platform", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        _server, thread = start_http_server(
            options["port"], options["address"], registry_of(platform=options["platform"])
        )
        self.stdout.write(f"http://{options['address']}:{options['port']}/metrics")
        thread.join()


def registry_of(*, platform: bool) -> CollectorRegistry:
    """What is served: figures of this machine's processes, of the platform, or both."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    if platform:
        registry.register(PlatformFigures())
    return registry
