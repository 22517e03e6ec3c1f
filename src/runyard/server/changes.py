"""What changes, told to those who watch: which runs were written to, at most once a second.

Nothing is added to a write but the note of its run's id, and that only while somebody watches.
"""

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from runyard.db.changes import Marker
from runyard.db.transaction import Transaction
from runyard.exceptions import RunyardException
from runyard.gate.gate import Gate, Performed
from runyard.protocol.message import AnyMessage
from runyard.tracking.many_runs.messages import RemoveRuns
from runyard.tracking.origins.messages import Beat
from runyard.tracking.runs.tables import runs

log = logging.getLogger("runyard.server")

TICK_SECONDS, SLOW_TICK_SECONDS, FEW = 1.0, 2.0, 5
"""How often those who watch hear of changes: more slowly when more than a few do."""
BEAT_SECONDS = 15.0
"""After this time without news those who watch hear that there was none."""
MANY = 100
"""Runs that are named; more are told as many."""
_KEPT_PLACES = 20_000


@dataclass(frozen=True)
class Watch:
    """What somebody watches.

    Attributes
    ----------
    experiments: Ids of experiments, with all their runs.
    runs: Ids of runs.
    """

    experiments: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()


@dataclass
class _Noted:
    """What has changed since the last tick."""

    runs: set[str] = field(default_factory=set)
    experiments: set[str] = field(default_factory=set)
    many: bool = False

    def __bool__(self) -> bool:
        return self.many or bool(self.runs) or bool(self.experiments)


class Listener:
    """One who watches; what was not fetched yet is told together.

    Parameters
    ----------
    watch: What is watched.
    """

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self._woken = asyncio.Event()
        self._runs: set[str] | None = set()
        self._generation = ""
        self._ended = False

    def tell(self, generation: str, changed: Collection[str] | None) -> None:
        """There is news: the ids of runs, or None for many."""
        self._generation = generation
        if changed is None or self._runs is None or len(self._runs) + len(changed) > MANY:
            self._runs = None
        else:
            self._runs.update(changed)
        self._woken.set()

    def wake(self) -> None:
        """Let it say that there is no news."""
        self._woken.set()

    def end(self) -> None:
        """No more news will come."""
        self._ended = True
        self._woken.set()

    async def news(self) -> tuple[str, Collection[str] | None] | None:
        """The next news, as `tell` has them, with an empty generation when there are none; None at the end."""
        await self._woken.wait()
        self._woken.clear()
        if self._ended:
            return None
        found = self._generation, self._runs
        self._generation, self._runs = "", set()
        return found


class Changes:
    """Hears of every write of this process, and looks whether other processes wrote.

    Parameters
    ----------
    gate: Whose writes are heard of: `note` is to be one of its observers.
    count: Called with the number of those who watch, whenever it changes.
    """

    def __init__(self, gate: Gate, count: Callable[[int], None]) -> None:
        self._gate, self._count = gate, count
        self._name, self._number = secrets.token_hex(4), 0
        self._listeners: set[Listener] = set()
        self._lock, self._noted = threading.Lock(), _Noted()
        self._places: dict[str, str] = {}
        self._marker = Marker(gate.engines.dialect, gate.administer, gate.inspect)
        self._looked = self._beaten = self._last_write = self._numbered = 0.0
        self._ticking: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """The number of those who watch."""
        return len(self._listeners)

    @property
    def generation(self) -> str:
        """The state of the store: another text after every news, and after a write that nobody has heard of yet."""
        if self._last_write >= self._numbered:  # what was answered for the number before does not have that write
            self._count_on()
        return f"{self._name}-{self._number}"

    def _count_on(self) -> None:
        self._number, self._numbered = self._number + 1, time.monotonic()

    @property
    def quiet_seconds(self) -> float:
        """How long ago this process wrote last."""
        return time.monotonic() - self._last_write

    def note(self, performed: Performed) -> None:
        """Observe an operation."""
        if performed.error is not None or performed.message.operation.kind != "write":
            return
        if isinstance(performed.message, Beat):  # nothing of a run changes by it
            return
        self._last_write = time.monotonic()
        if self._listeners:
            with self._lock:
                self._note(performed.message)

    def note_removed(self, run_ids: Sequence[str]) -> None:
        """These runs are gone."""
        if self._listeners and run_ids:
            with self._lock:
                self._note(RemoveRuns(run_ids=list(run_ids)))

    def note_files(self, run_id: str) -> None:
        """Files of this run were stored or removed."""
        self._last_write = time.monotonic()
        with self._lock:
            self._noted.runs.add(run_id)

    def add(self, listener: Listener) -> None:
        """Tell somebody of changes from now on."""
        self._listeners.add(listener)
        self._count(len(self._listeners))
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick_on())

    def remove(self, listener: Listener) -> None:
        """Tell them no more."""
        self._listeners.discard(listener)
        self._count(len(self._listeners))

    def end(self) -> None:
        """Tell everybody that no more news will come."""
        for listener in self._listeners:
            listener.end()

    def _note(self, message: AnyMessage) -> None:
        noted, run_ids, experiment_id = self._noted, _run_ids(message), getattr(message, "experiment_id", None)
        if len(noted.runs) + len(run_ids) > 10 * MANY or (len(run_ids) > 1 and experiment_id):  # these were moved
            noted.many = True
            self._places.clear()
        elif run_ids or experiment_id:
            noted.runs.update(run_ids)
            if experiment_id:
                noted.experiments.add(str(experiment_id))
        elif message.operation.path.startswith("runs/"):
            noted.many = True
            self._places.clear()

    async def _tick_on(self) -> None:
        self._marker.forget()
        self._beaten = time.monotonic()
        try:
            while self._listeners:
                await self._tick()
                await asyncio.sleep(TICK_SECONDS if len(self._listeners) <= FEW else SLOW_TICK_SECONDS)
        finally:
            self._ticking = None

    async def _tick(self) -> None:
        others = await asyncio.to_thread(self._others_wrote)
        with self._lock:
            noted, self._noted = self._noted, _Noted()
        noted.many |= others
        if noted:
            self._count_on()
            if not noted.many and any(listener.watch.experiments for listener in self._listeners):
                noted.many = not await asyncio.to_thread(self._find_places, noted.runs)
            self._tell(noted)
        now = time.monotonic()
        if now - self._beaten >= BEAT_SECONDS:
            self._beaten = now
            for listener in self._listeners:
                listener.wake()

    def _tell(self, noted: _Noted) -> None:
        below: dict[str, set[str]] = {experiment_id: set() for experiment_id in noted.experiments}
        if not noted.many:
            for run_id in noted.runs:
                below.setdefault(self._places.get(run_id, ""), set()).add(run_id)
        heard: dict[Watch, set[str] | None] = {}
        for listener in self._listeners:
            watch = listener.watch
            if watch not in heard:
                touched = [below[each] for each in watch.experiments if each in below]
                changed = set(watch.runs & noted.runs).union(*touched)
                heard[watch] = changed if changed or touched else None
            if noted.many:
                listener.tell(self.generation, None)
            elif (changed_here := heard[watch]) is not None:
                listener.tell(self.generation, changed_here)

    def _others_wrote(self) -> bool:
        now = time.monotonic()
        if now - self._looked < self._marker.seconds - TICK_SECONDS / 2:
            return False
        self._looked = now
        try:
            return self._marker.differs()
        except RunyardException as error:
            log.info("whether others wrote is not known: %s", error.message)
            return False

    def _find_places(self, run_ids: Iterable[str]) -> bool:
        """Learn in which experiments these runs are; returns whether that is known."""
        unknown = [run_id for run_id in run_ids if run_id not in self._places]
        if not unknown:
            return True
        if len(self._places) > _KEPT_PLACES:
            self._places.clear()
            unknown = list(run_ids)
        statement = sa.select(runs.c.run_uuid, runs.c.experiment_id).where(runs.c.run_uuid.in_(unknown))

        def read(tx: Transaction) -> dict[str, str]:
            return {run_id: str(experiment_id) for run_id, experiment_id in tx.execute(statement)}

        try:
            self._places.update(self._gate.inspect(read))
        except RunyardException as error:
            log.info("where runs are is not known: %s", error.message)
            return False
        return True


def _run_ids(message: AnyMessage) -> Collection[str]:
    """The runs that a write names."""
    for name in ("run_id", "run_uuid", "source_run_id"):
        value = getattr(message, name, None)
        if value:
            return (str(value),)
    found: Collection[str] = getattr(message, "run_ids", ())
    return found
