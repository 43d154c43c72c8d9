"""Finds a port to listen on; one that is taken is never a failure."""

import socket

TRIES = 50


def listen(preferred: int, host: str = "127.0.0.1") -> socket.socket:
    """A bound socket: on `preferred`, else a port near it, else any free one.

    The caller holds the socket and hands it to its children, so that nobody can take the port
    while they start or start again.
    """
    for port in [*range(preferred, preferred + 2 * TRIES, 2), 0]:
        found = bound(host, port)
        if found:
            return found
    raise OSError(f"No free port on {host}.")


def bound(host: str, port: int) -> socket.socket | None:
    # A browser tries ::1 for *.localhost too: another program there would answer in our place.
    if port and answers("::1", port):
        return None
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        return None
    return listener


def answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
