"""Find free ports on the loopback, or say in one line that a wanted one is taken."""

from __future__ import annotations

import socket

from infra.local.process import PartUnavailable

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port nobody listens on now.

    Another process may take it before its server binds: the system hands such ports out at random, so
    that is rare, and the server that loses says so when it starts.
    """
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def claim_port(wanted: int | None, what: str) -> int:
    """`wanted` if it can be bound, any free port if none is wanted; else PartUnavailable names the port."""
    if wanted is None:
        return free_port()
    with socket.socket() as probe:
        # As the servers do: a port in TIME_WAIT is not in use.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError as error:
            raise PartUnavailable(
                f"{what}: port {wanted} of {LOOPBACK} is in use ({error.strerror}); "
                "stop what listens there, or choose another port"
            ) from error
    return wanted


def accepts_connections(port: int) -> bool:
    """Whether something listens on this port of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0
