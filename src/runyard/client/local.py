"""Performs messages in this process, on a database of its own: the same messages, checks and rules as on a server."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runyard.client.errors import Unreachable
from runyard.core.http import without_credentials
from runyard.exceptions import Unavailable
from runyard.protocol.message import Message

if TYPE_CHECKING:
    from runyard.protocol.gate import Gate

ARTIFACT_FOLDER = "runyard-artifacts"

_abandoned: list["Gate"] = []
"""Gates of a parent process. Closing them in the child would disturb the parent's locks, so they are kept."""


class LocalSender:
    """A database named by its URI.

    Attributes
    ----------
    address: Its URI, without credentials.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._gate: Gate | None = None
        self.address = without_credentials(uri)
        self._opening = threading.Lock()

    def after_fork(self) -> None:
        """Leave the parent's connections alone; the next message opens our own."""
        if self._gate is not None:
            _abandoned.append(self._gate)
        self._gate = None
        self._opening = threading.Lock()

    def send(self, message: Message, patience: float | None = None) -> dict[str, Any]:
        """Perform a message and return the answer.

        Raises
        ------
        Unreachable: The database is locked or out of reach.
        RunyardException: The message was refused.
        """
        try:
            return self._opened().perform(message)
        except Unavailable as problem:
            raise Unreachable(problem.message) from problem

    def _opened(self) -> "Gate":
        if self._gate is None:
            with self._opening:
                if self._gate is None:
                    self._gate = open_gate(self._uri)
        return self._gate


def open_gate(uri: str) -> "Gate":
    """A gate on a local database, with the artifact folder that a server started there would use."""
    from runyard.protocol.gate import Gate  # noqa: PLC0415  (loads SQLAlchemy)

    folder = artifact_folder(uri)
    return Gate.open(uri, artifact_root=str(folder), artifact_folders=[folder])


def artifact_folder(uri: str) -> Path:
    """The artifact folder of a local database: beside a SQLite file, else in the working directory."""
    if uri.startswith("sqlite:///"):
        return Path(uri.removeprefix("sqlite:///").partition("?")[0]).absolute().parent / ARTIFACT_FOLDER
    return Path(ARTIFACT_FOLDER).absolute()
