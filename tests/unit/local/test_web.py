"""Who takes a new connection."""

import socket
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.workers.gthread import ThreadWorker

from portal.web import EvenWorker


@pytest.mark.parametrize(
    ("held", "waited"), [(0, []), (1, [0.002]), (3, [0.006]), (5, [0.01]), (900, [0.01])]
)
def test_a_worker_stands_back_for_each_connection_it_holds_and_never_for_long(
    held: int, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("portal.web.time", SimpleNamespace(sleep=seen.append))
    monkeypatch.setattr(ThreadWorker, "accept", lambda worker, listener: seen.append(listener))
    worker = EvenWorker.__new__(EvenWorker)
    worker.nr_conns = held
    with socket.socket() as listener:
        worker.accept(listener)
    assert seen == [*map(pytest.approx, waited), listener]
