"""What systemd and a service agree on: sockets that it opened, and notes on how the service is.

The protocols are those of sd_listen_fds(3) and sd_notify(3); any supervisor may speak them.
"""

import logging
import os
import socket

from runyard.exceptions import RunyardException

log = logging.getLogger("runyard.http")

_FIRST_DESCRIPTOR = 3


def given_listener() -> socket.socket | None:
    """The listening socket that the supervisor opened for this process; None when it opened none.

    Raises
    ------
    RunyardException: It opened several, or one that no connection comes from.
    """
    number, owner = os.environ.pop("LISTEN_FDS", ""), os.environ.pop("LISTEN_PID", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if not number.isdigit() or int(number) == 0 or owner != str(os.getpid()):
        return None
    if int(number) > 1:
        raise RunyardException(
            f"systemd opened {number} sockets; the server takes one. Give the unit one ListenStream."
        )
    listener = socket.socket(fileno=os.dup(_FIRST_DESCRIPTOR))
    os.close(_FIRST_DESCRIPTOR)
    if listener.family not in (socket.AF_INET, socket.AF_INET6) or listener.type != socket.SOCK_STREAM:
        raise RunyardException("The socket that systemd opened is not one of TCP. Use ListenStream= with a port.")
    listener.setblocking(False)
    return listener


def notify(state: str) -> None:
    """Tell the supervisor how this process is, such as ``READY=1``; without one that wants to know, nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.sendto(state.encode(), f"\0{address[1:]}" if address.startswith("@") else address)
        except OSError as problem:
            log.warning("the supervisor at %s cannot be told %s: %s", address, state, problem)
