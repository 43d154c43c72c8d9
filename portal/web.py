"""The web processes' worker: new connections go to whoever holds fewest."""

import socket
import time

from gunicorn.workers.gthread import ThreadWorker

STEP = 0.002  # seconds a worker stands back for each connection it holds
MOST = 5  # connections beyond these count no more


class EvenWorker(ThreadWorker):
    """Stands back before it accepts, the longer the more connections it holds.

    All workers wait at one listener, and a kept connection stays with its worker. Left to chance,
    one serves most clients one after the other while its neighbour idles: half the pages a second
    and twice the wait.
    """

    def accept(self, listener: socket.socket) -> None:
        if self.nr_conns:
            time.sleep(STEP * min(self.nr_conns, MOST))
        super().accept(listener)
