"""A taken port is never a failure."""

import socket

from portal.local import ports


def test_the_preferred_port_is_taken_when_free() -> None:
    with ports.listen(0) as probe:
        free = probe.getsockname()[1]
    with ports.listen(free) as listener:
        assert listener.getsockname() == ("127.0.0.1", free)


def test_a_taken_port_leads_to_another_one() -> None:
    with ports.listen(0) as first:
        taken = first.getsockname()[1]
        with ports.listen(taken) as second:
            assert second.getsockname()[1] != taken


def test_a_port_that_another_program_took_on_all_addresses_counts_as_taken() -> None:
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        assert ports.bound("127.0.0.1", other.getsockname()[1]) is None
