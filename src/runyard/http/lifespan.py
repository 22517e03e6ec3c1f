"""Answers the ASGI server's start and stop."""

import asyncio
from collections.abc import Callable, Sequence

from runyard.http.answers import Receive, Scope, Send


class Lifespan:
    """Calls functions when the server starts and stops.

    Parameters
    ----------
    started: Called on the event loop before the first request.
    stopped: Called on a thread after the last one.
    """

    def __init__(self, started: Sequence[Callable[[], None]] = (), stopped: Callable[[], None] | None = None) -> None:
        self._started, self._stopped = started, stopped

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer messages until the server stops."""
        while scope["type"] == "lifespan":
            message = await receive()
            ending = message["type"] == "lifespan.shutdown"
            if not ending:
                for call in self._started:
                    call()
            if ending and self._stopped is not None:
                await asyncio.to_thread(self._stopped)
            await send({"type": f"{message['type']}.complete"})
            if ending:
                return
