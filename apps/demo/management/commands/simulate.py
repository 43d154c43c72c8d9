"""Plays the demo's machines: sends readings over HTTP with their device keys until stopped."""

import json
import logging
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.demo.domain.behaviour import LEVELS, behaviours_of, shown_level
from apps.demo.domain.history import LiveCounter, Told
from apps.demo.operations import PROVIDER
from apps.demo.queries import keys_path
from apps.telemetry.queries import latest_values
from apps.tenancy.context import company_context, no_company
from apps.tenancy.models import Company

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Send live readings of the demo's machines to the portal on this machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=int, default=10, help="pause between readings")
        parser.add_argument("--once", action="store_true", help="send one round and stop")
        parser.add_argument("--speed", type=int, default=60, help="how much faster than real usage")

    def handle(self, *args: Any, **options: Any) -> None:
        keys = json.loads(keys_path().read_text())
        machines = {serial: self.counters(serial) for serial in keys}
        while True:
            for serial, counters in machines.items():
                self.send_round(serial, keys[serial], counters, options["speed"])
            if options["once"]:
                return
            time.sleep(options["seconds"])

    def counters(self, serial: str) -> list[LiveCounter]:
        """Counters go on from what is stored."""
        with no_company():
            company = Company.objects.get(slug=PROVIDER)
        with company_context(company):
            last = latest_values(serial=serial)
        return [
            LiveCounter(serial, behaviour, *last[behaviour.channel])
            for behaviour in behaviours_of(serial)
            if behaviour.kind == "counter" and behaviour.channel in last
        ]

    def send_round(self, serial: str, key: str, counters: list[LiveCounter], speed: int) -> None:
        now = datetime.now(UTC)
        told = [counter.move_to(now) for counter in counters]
        for behaviour in behaviours_of(serial):
            if behaviour.kind == "delta":
                amount = behaviour.per_hour * speed / Decimal(3600)
                told.append(Told(behaviour.channel, now, str(amount.quantize(Decimal("0.001")))))
            elif behaviour.kind in LEVELS:
                told.append(Told(behaviour.channel, now, str(shown_level(serial, behaviour, now))))
        events = [self.event(serial, one) for one in told]
        try:
            self.post(key, events)
        except (urllib.error.URLError, OSError) as error:
            logger.warning("the portal does not answer: %s", error)

    def event(self, serial: str, one: Told) -> dict[str, Any]:
        stamp = one.measured_at.isoformat()
        return {
            "specversion": "1.0",
            "type": "peruse.reading",
            "source": f"device:{serial}",
            "id": f"{one.channel}-{stamp}",
            "subject": f"{serial}/{one.channel}",
            "time": stamp,
            "data": {"value": one.value},
        }

    def post(self, key: str, events: list[dict[str, Any]]) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{settings.PERUSE_PORT}/api/v1/events",
            data=json.dumps(events).encode(),
            method="POST",
            headers={
                "Host": f"{PROVIDER}.{settings.PERUSE_DOMAIN}",
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/cloudevents-batch+json",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            answer.read()
