"""Performs messages in this process on a database, with the same checks and rules as a server."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from runyard.artifacts.locations import every_form
from runyard.client.errors import Unreachable
from runyard.core.credentials import without_credentials
from runyard.core.store_address import sqlite_file
from runyard.exceptions import RunyardException, StorageFull, Unavailable, answered
from runyard.protocol.message import AnyMessage

if TYPE_CHECKING:
    from runyard.gate.gate import Gate

T = TypeVar("T")

ARTIFACT_FOLDER = "runyard-artifacts"

_abandoned: list["Gate"] = []
"""Gates of a parent process, kept open: closing them in the child would release the parent's locks."""


class LocalTransport:
    """A database named by its URI.

    Attributes
    ----------
    uri: Its URI, which means the same in every working directory.
    address: Its URI, without credentials.
    default_timeout: Seconds after which a message is given up. The gate itself waits for locks about as long.
    """

    default_timeout = 30.0

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._gate: Gate | None = None
        self.address = without_credentials(self.uri)
        self._opening = threading.Lock()

    def after_fork(self) -> None:
        """Leave the parent's connections alone; the next message opens our own."""
        if self._gate is not None:
            _abandoned.append(self._gate)
        self._gate = None
        self._opening = threading.Lock()

    def close(self) -> None:
        """Finish writes and close the database. A later message opens it again."""
        with self._opening:
            gate, self._gate = self._gate, None
        if gate is not None:
            gate.close()

    def send(
        self, message: AnyMessage, timeout: float | None = None, attempt_timeout: float | None = None
    ) -> dict[str, Any]:
        """Perform a message and return the answer. The gate decides how long to wait for the database.

        Raises
        ------
        Unreachable: The database is locked, full or out of reach.
        RunyardException: The message was rejected.
        """
        return self._performed(message, lambda gate: gate.perform(message))

    def ask_text(self, message: AnyMessage) -> bytes:
        """Perform a message and return the JSON text of its answer.

        Raises
        ------
        Unreachable, RunyardException: As of `send`.
        """
        return self._performed(message, lambda gate: gate.perform_encoded(message))

    def _performed(self, message: AnyMessage, perform: "Callable[[Gate], T]") -> T:
        try:
            gate = self._opened()
            try:
                return perform(gate)
            except (Unavailable, StorageFull):
                raise
            except RunyardException as problem:  # what a server would have answered
                raise answered(problem.to_wire(), problem.http_status) from None
        except (Unavailable, StorageFull) as problem:
            raise Unreachable(f"{self.address} did not take {message.operation.name}: {problem.message}") from problem

    def _opened(self) -> "Gate":
        gate = self._gate
        if gate is None:
            with self._opening:
                gate = self._gate = self._gate or open_gate(self.uri)
        return gate


def open_gate(uri: str) -> "Gate":
    """A gate on a local database, with the artifact folder that a server started there would use."""
    from runyard.gate.gate import Gate  # noqa: PLC0415  (loads SQLAlchemy)

    folder = artifact_folder(uri)
    return Gate.open(uri, artifact_root=str(folder), artifact_places=every_form([folder]), local_callers=True)


def artifact_folder(uri: str) -> Path:
    """The artifact folder of a local database: beside a SQLite file, else in the working directory."""
    file = sqlite_file(uri)
    return (Path(ARTIFACT_FOLDER) if file is None else file.parent / ARTIFACT_FOLDER).absolute()
