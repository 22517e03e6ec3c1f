"""Messages beyond MLflow's protocol that tell of a run what it can do without.

Another server than ours, or an older one, does not know them. What is not taken is dropped without a word: it neither
fails a run nor is kept among the rejected writes.
"""

import logging
import time

from runyard.client.errors import Unreachable, is_permanent
from runyard.client.transports import Transport
from runyard.exceptions import DoesNotExist, RunyardException
from runyard.protocol.message import AnyMessage

log = logging.getLogger("runyard")

EXTRAS = frozenset(("note_origin", "beat"))
"""Operations whose messages are extras."""
AGAIN_AFTER = 600.0
"""Seconds after which a server that did not know an operation is asked again."""
_UNKNOWN = (404, 405, 501)

_unknown: dict[tuple[str, str], float] = {}
"""When a server, by its address, did not know an operation, on the monotonic clock."""


def is_extra(message: AnyMessage) -> bool:
    """Whether a run can do without this message."""
    return message.operation.name in EXTRAS


def send_extra(transport: Transport, message: AnyMessage, timeout: float | None) -> bool:
    """Send it, if the server knows such messages; returns whether it was taken.

    Raises
    ------
    Unreachable: The server cannot be reached.
    """
    known = (transport.address, message.operation.name)
    if time.monotonic() - _unknown.get(known, -AGAIN_AFTER) < AGAIN_AFTER:
        return False
    try:
        transport.send(message, timeout)
    except Unreachable:
        raise
    except RunyardException as error:
        if error.http_status in _UNKNOWN and error.error_code != DoesNotExist.code:
            _unknown[known] = time.monotonic()
        elif not is_permanent(error):
            raise Unreachable(f"{transport.address} did not take {known[1]}: {error.message}") from error
        log.debug("%s does not take %s: %s", transport.address, known[1], error.message)
        return False
    return True
