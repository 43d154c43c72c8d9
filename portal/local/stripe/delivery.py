"""Signed messages to who listens: with retries, and on demand doubled, late and out of order."""

import hmac
import json
import random
import sys
import threading
import time
import urllib.error
import urllib.request
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from portal.local.stripe.store import Store, Thing

# Seconds until the next try; Stripe goes on for three days.
BACK_OFF = (1, 2, 5, 15, 30, 60, 120, 300)


class Delivery:
    """One thread that posts events. `copies`, `late` (seconds at most) and `fail` (how many tries
    are lost) disturb what comes next."""

    def __init__(self, store: Store, endpoints: list[tuple[str, str]]) -> None:
        self.store, self.endpoints = store, endpoints
        self.copies, self.late, self.fail = 1, 0.0, 0
        self.queue: list[tuple[float, int, str, str, Thing]] = []
        self.changed = threading.Condition()
        self.stopped = False
        store.heard.append(self.take)

    def take(self, event: Thing) -> None:
        targets = [*self.endpoints, *self._registered(event["type"])]
        with self.changed:
            for url, secret in targets:
                for _ in range(self.copies):
                    when = time.monotonic() + random.uniform(0, self.late)
                    self.queue.append((when, 0, url, secret, event))
            self.changed.notify()

    def _registered(self, kind: str) -> list[tuple[str, str]]:
        return [
            (one["url"], one["secret"]) for one in self.store.all("webhook_endpoint")
            if "*" in one["enabled_events"] or kind in one["enabled_events"]
        ]  # fmt: skip

    def run(self) -> None:
        while not self.stopped:
            with self.changed:
                ready = [one for one in self.queue if one[0] <= time.monotonic()]
                self.queue = [one for one in self.queue if one[0] > time.monotonic()]
                if not ready:
                    self.changed.wait(0.1)
            for _, tries, url, secret, event in ready:
                self._deliver(tries, url, secret, event)

    def _deliver(self, tries: int, url: str, secret: str, event: Thing) -> None:
        if self.fail:
            self.fail -= 1
            taken = False
        else:
            taken = post(url, secret, event, int(time.time()))
        if not taken and tries < len(BACK_OFF):
            with self.changed:
                self.queue.append(
                    (time.monotonic() + BACK_OFF[tries], tries + 1, url, secret, event)
                )

    def stop(self) -> None:
        self.stopped = True


def signature(body: bytes, secret: str, stamp: int) -> str:
    """The header `Stripe-Signature`: docs.stripe.com/webhooks/signature."""
    signed = str(stamp).encode() + b"." + body
    return f"t={stamp},v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}"


def post(url: str, secret: str, event: Thing, stamp: int) -> bool:
    """Whether the listener took it (2xx)."""
    body = json.dumps(event).encode()
    headers = {
        "Content-Type": "application/json",
        "Stripe-Signature": signature(body, secret, stamp),
    }
    address, headers["Host"] = reachable(url)
    request: Any = urllib.request.Request(address, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bool(200 <= answer.status < 300)
    except urllib.error.HTTPError as error:
        print(f"{event['type']} {event['id']}: answered {error.code}", file=sys.stderr)
    except OSError as error:
        print(f"{event['type']} {event['id']}: {error}", file=sys.stderr)
    return False


def reachable(url: str) -> tuple[str, str]:
    """The address to connect to, and its host's name: `*.localhost` is this machine (RFC 6761),
    which browsers know and Python does not."""
    parts = urlsplit(url)
    if (parts.hostname or "").endswith("localhost"):
        here = f"127.0.0.1:{parts.port}" if parts.port else "127.0.0.1"
        return parts._replace(netloc=here).geturl(), parts.netloc
    return url, parts.netloc
