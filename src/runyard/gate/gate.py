"""The gate: the one way from a message to the database and back.

Every operation, whether it came over HTTP, from a script with a local store or from a page of the UI, is checked here,
authorised, performed in a transaction, retried when the database asks for it, and observed.
"""

import asyncio
import concurrent.futures
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Self, TypeVar

import orjson

from runyard.core.memory import FreedMemory
from runyard.db.engine import READERS, Engines, connections_in_use, open_engines
from runyard.db.faults import DatabaseUnreachable, cannot_open, is_retryable, lost_connection, translated
from runyard.db.jobs import Job, Outcome, Receiver, Unfinished
from runyard.db.schema import ensure_schema
from runyard.db.time_limit import limit_reads
from runyard.db.transaction import StoreSettings, Transaction
from runyard.db.writer import Writer
from runyard.exceptions import Unavailable
from runyard.gate.admission import Admission, Lane
from runyard.gate.chores import Chores
from runyard.gate.performers import Later, Performer, Piece, first_look, performer
from runyard.gate.slices import load_all
from runyard.gate.writes import as_it_is, job_of
from runyard.protocol.answer import A, Wire
from runyard.protocol.codec import encode
from runyard.protocol.message import AnyMessage, Message

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_READ_TRIES = 4
FILE_READERS = 8
"""Threads that ask stores of files, which may be slow, beside those that ask the database."""


@dataclass(slots=True)
class Performed:
    """What observers get for an operation that went through the gate.

    Attributes
    ----------
    message: The message.
    error: The error it failed with, or None.
    seconds: Its duration in seconds, including the time in the queue.
    """

    message: AnyMessage
    error: Exception | None
    seconds: float


@dataclass(frozen=True)
class Load:
    """How busy a gate is.

    Attributes
    ----------
    waiting_writes: Writes that are queued.
    cheap_reads: Cheap reads that wait for their turn.
    dear_reads: Dear reads that wait for theirs.
    reading: Connections for reading that are in use.
    writing: Connections for writing that are in use.
    """

    waiting_writes: int
    cheap_reads: int
    dear_reads: int
    reading: int
    writing: int


Authoriser = Callable[[AnyMessage], None]
Observer = Callable[[Performed], None]


class Gate:
    """Performs messages on one database.

    Attributes
    ----------
    authorisers: Called with every message before it is performed; raising refuses it.
    observers: Called with every operation afterwards.
    """

    def __init__(self, engines: Engines, settings: StoreSettings) -> None:
        load_all()
        self.engines, self.settings = engines, settings
        self.authorisers: list[Authoriser] = []
        self.observers: list[Observer] = []
        self._writer = Writer(engines, settings)
        self._admission, self._memory = Admission(settings.local_callers), FreedMemory()
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="runyard-reader")  # lanes admit no more
        self._chores = Chores(self._writer)
        self._files = ThreadPoolExecutor(FILE_READERS, thread_name_prefix="runyard-listing")
        self._blocking = _BlockingReceiver()
        self._loops: dict[asyncio.AbstractEventLoop, _LoopReceiver] = {}

    @classmethod
    def open(
        cls,
        uri: str,
        *,
        artifact_root: str | None = None,
        artifact_places: Sequence[str] = (),
        local_callers: bool = False,
        read_seconds: float = 0,
    ) -> Self:
        """Open the database at `uri`, creating its schema when it is empty.

        Parameters
        ----------
        uri: ``sqlite:///file.db`` or ``postgresql://user:password@host/name``.
        artifact_root: Where artifacts of new experiments go; ``runyard-artifacts`` in the working directory when unset.
        artifact_places: From where artifacts may be listed and read, as `runyard.artifacts.locations` names places.
        local_callers: Whether only processes of this machine's user use this gate.
        read_seconds: How long the database may take for a read; 0 for as long as it takes.

        Raises
        ------
        SchemaOutdated: The database needs ``runyard db upgrade``, or is not ours.
        """
        load_all()
        root = artifact_root or str(Path("runyard-artifacts").absolute())
        settings = StoreSettings(root, tuple(artifact_places), local_callers)
        engines = cls.engines_of(uri)
        try:
            ensure_schema(engines, settings)
        except Exception as error:  # noqa: BLE001  (translated or raised as it is)
            engines.dispose()
            raise cannot_open(error) or error from None
        if read_seconds:
            limit_reads(engines, read_seconds)
        return cls(engines, settings)

    @staticmethod
    def engines_of(uri: str) -> Engines:
        """The connections to a database, before its schema is looked at."""
        return open_engines(uri)

    def close(self) -> None:
        """Finish queued writes and close the database."""
        self._writer.close()
        self._threads.shutdown()
        self._files.shutdown()
        self.engines.dispose()

    def perform(self, message: AnyMessage) -> dict[str, Any]:
        """Perform a message and wait; the answer is a JSON-ready object.

        Raises
        ------
        RunyardException: The operation was rejected or failed; no part of it was stored.
        """
        answer = self._observed(message, self._answer_now)
        return orjson.loads(answer) if isinstance(answer, bytes) else answer

    def perform_encoded(self, message: AnyMessage) -> bytes:
        """Perform a message and wait; the answer is JSON text.

        Raises
        ------
        RunyardException: The operation was rejected or failed; no part of it was stored.
        """
        return encode(self._observed(message, self._answer_now))

    def ask(self, message: Message[A]) -> A:
        """Perform a message and wait for its answer.

        Raises
        ------
        RunyardException: The operation was rejected or failed; no part of it was stored.
        """
        return message.answered(self.perform(message))

    def administer(self, work: Callable[[Transaction], T | Unfinished]) -> T:
        """Perform work that no message describes, as a write is performed, and wait for what it returns.

        For commands of the database's owner; no request reaches it. The work may be done again. It may return what
        is `Unfinished`; then the last step's result is returned.

        Raises
        ------
        RunyardException: It failed; no part of it was stored.
        """
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._writer.submit(Job(work, self._blocking, future))
        return future.result()

    def inspect(self, work: Callable[[Transaction], T]) -> T:
        """Perform work that no message describes and that only reads; no write waits for it.

        For commands of the database's owner; no request reaches it.

        Raises
        ------
        RunyardException: It failed.
        """
        failure: type[Unavailable] = Unavailable
        for _ in range(MAX_READ_TRIES):
            try:
                with self.engines.reading.begin() as connection:
                    return work(Transaction(connection, self.settings))
            except Exception as error:  # noqa: BLE001  (translated or raised as it is)
                if not (is_retryable(error) or lost_connection(error)):
                    raise translated(error) or error from None
                failure = DatabaseUnreachable if lost_connection(error) else Unavailable
        raise failure("The database was busy or out of reach each time. Try again.")

    def load(self) -> Load:
        """How busy it is now."""
        return Load(
            self._writer.waiting,
            self._admission.cheap.waiting,
            self._admission.dear.waiting,
            connections_in_use(self.engines.reading),
            connections_in_use(self.engines.writing),
        )

    def observe_groups(self, observer: Callable[[int, float], None]) -> None:
        """Have a function called with the number of writes of every group and the seconds that it took."""
        self._writer.group_observer = observer

    def begin(self, work: Callable[[Transaction], Any]) -> None:
        """Have work performed as `administer` does, without waiting for it; what goes wrong is logged."""
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        future.add_done_callback(_log_failure)
        self._writer.submit(Job(work, self._blocking, future))

    async def answer(self, message: AnyMessage) -> bytes | AsyncIterator[bytes]:
        """Perform a message without blocking the event loop; the answer is JSON text.

        A long one comes in pieces, which are read when they are asked for. What then goes wrong is raised: the pieces
        until there are no answer.
        """
        began = time.perf_counter()
        error: Exception | None = None
        try:
            self._admit(message)
            loop = asyncio.get_running_loop()
            if message.operation.kind == "read":
                lane = self._admission.lane(message.is_dear())
                found = await self._in_turn(lane, self._read_encoded, message)
                if isinstance(found, Later):
                    return await loop.run_in_executor(self._files, lambda: encode(found.make()))
                return self._in_pieces(found, lane) if isinstance(found, Piece) else found
            look = first_look(type(message))
            if look is not None:
                seen = await self._in_turn(self._admission.cheap, self._read, lambda tx: look(tx, message))
                if isinstance(seen, Later):
                    await loop.run_in_executor(self._files, seen.make)
            future: asyncio.Future[bytes] = loop.create_future()
            receiver = self._loops.get(loop) or self._loops.setdefault(loop, _LoopReceiver(loop))
            self._writer.submit(job_of(message, encode, receiver, future))
            return await future
        except Exception as caught:
            error = caught
            raise
        finally:
            self._notify(message, error, began)

    async def _in_pieces(self, piece: Piece, lane: Lane) -> AsyncIterator[bytes]:
        found: Any = piece
        while isinstance(found, Piece):
            yield found.text
            found = await self._in_turn(lane, self._read, found.rest, begun=True)
        yield encode(found)

    async def _in_turn(self, lane: Lane, read: Callable[[Any], T], argument: Any, *, begun: bool = False) -> T:
        await (lane.enter_again() if begun else lane.enter())
        future = asyncio.get_running_loop().run_in_executor(self._threads, read, argument)
        future.add_done_callback(lambda _: self._leave(lane))  # a caller may go before the read ends
        return await asyncio.shield(future)

    def _leave(self, lane: Lane) -> None:
        lane.leave()
        if lane is self._admission.dear and not self.settings.local_callers:
            self._memory.give_back_soon()

    def _observed(self, message: AnyMessage, act: Callable[[AnyMessage], Wire]) -> Wire:
        began = time.perf_counter()
        error: Exception | None = None
        try:
            self._admit(message)
            return act(message)
        except Exception as caught:
            error = caught
            raise
        finally:
            self._notify(message, error, began)

    def _admit(self, message: AnyMessage) -> None:
        message.check_once()
        for authorise in self.authorisers:
            authorise(message)

    def _notify(self, message: AnyMessage, error: Exception | None, began: float) -> None:
        if self.observers:
            performed = Performed(message, error, time.perf_counter() - began)
            for observe in self.observers:
                observe(performed)

    def _answer_now(self, message: AnyMessage) -> Wire:
        if message.operation.kind == "read":
            return self._read_now(performer(type(message)), message, self._admission.lane(message.is_dear()))
        look = first_look(type(message))
        if look is not None:
            self._read_now(look, message, self._admission.cheap)
        future: concurrent.futures.Future[Wire] = concurrent.futures.Future()
        self._writer.submit(job_of(message, as_it_is, self._blocking, future))
        return future.result()

    def _read_now(self, perform: Performer[Any], message: AnyMessage, lane: Lane) -> Wire:
        lane.wait()
        try:
            found = self._read(lambda tx: _whole(tx, perform(tx, message)))
        finally:
            self._leave(lane)
        return found.make() if isinstance(found, Later) else found

    def _read_encoded(self, message: AnyMessage) -> bytes | Later | Piece:
        perform = performer(type(message))
        found = self._read(lambda tx: perform(tx, message))
        return found if isinstance(found, Later | Piece) else encode(found)

    def _read(self, work: Callable[[Transaction], Any]) -> Any:
        def read(tx: Transaction) -> Any:
            found = work(tx)
            if isinstance(found, Unfinished):
                raise TypeError("A read has one transaction: in the next one the database may be another.")
            if tx.chores:
                self._chores.take(tx.chores)
            return found

        return self.inspect(read)


def _whole(tx: Transaction, found: Any) -> Any:
    """An answer in pieces as one."""
    if not isinstance(found, Piece):
        return found
    text = BytesIO()
    while isinstance(found, Piece):
        text.write(found.text)
        found = found.rest(tx)
    text.write(found)
    return text.getvalue()


def _log_failure(future: concurrent.futures.Future[Any]) -> None:
    error = future.exception()
    if error is not None:
        log.warning("work in the background was not finished: %s", error)


class _BlockingReceiver(Receiver):
    """Wakes the threads that wait for their outcome."""

    def deliver(self, outcomes: Sequence[tuple[concurrent.futures.Future[Any], Outcome]]) -> None:
        for future, (fine, result) in outcomes:
            if fine:
                future.set_result(result)
            else:
                future.set_exception(result)


class _LoopReceiver(Receiver):
    """Wakes the coroutines of one event loop, all of a group in one go."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def deliver(self, outcomes: Sequence[tuple[asyncio.Future[Any], Outcome]]) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, outcomes)
        except RuntimeError:  # the loop was closed: no caller waits any more
            log.info("%d writes were committed after their callers had gone", len(outcomes))


def _resolve(outcomes: Sequence[tuple[asyncio.Future[Any], Outcome]]) -> None:
    for future, (fine, result) in outcomes:
        if future.cancelled():
            continue
        if fine:
            future.set_result(result)
        else:
            future.set_exception(result)
