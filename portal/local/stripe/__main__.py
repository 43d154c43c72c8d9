"""`python -m portal.local.stripe --fd N --state FILE`: the fake as a process of its own.

Where its messages go and how they are signed stand in the environment, which is not seen in the
list of processes: STRIPE_WEBHOOK_URL, STRIPE_WEBHOOK_SECRET.
"""

import argparse
import os
import signal
from pathlib import Path

from portal.local.stripe.server import Fake


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m portal.local.stripe")
    parser.add_argument("--fd", type=int, help="a listening socket that was handed over")
    parser.add_argument("--port", type=int, default=0, help="else the port to listen on")
    parser.add_argument("--state", type=Path, help="the file that keeps what it knows")
    given = parser.parse_args()
    url, secret = os.environ.get("STRIPE_WEBHOOK_URL"), os.environ.get("STRIPE_WEBHOOK_SECRET")
    endpoints = [(url, secret)] if url and secret else []
    fake = Fake(("127.0.0.1", given.port), endpoints=endpoints, path=given.state, fd=given.fd)
    print(f"The stand-in for Stripe answers at {fake.base}", flush=True)
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    fake.start()
    signal.sigwait(signals)
    fake.stop()


if __name__ == "__main__":
    main()
