"""Removes runs for good in the background: those that were claimed, and those that a server before left unfinished."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from runyard.artifacts.locations import server_repository
from runyard.artifacts.schemes.local import LocalRepository
from runyard.exceptions import RunyardException, Unavailable
from runyard.gate.gate import Gate, Performed
from runyard.tracking.many_runs.messages import RemoveRuns
from runyard.tracking.removal import remove_rows
from runyard.tracking.removal.claims import Claimed, find_claimed, take_over

log = logging.getLogger("runyard.server")

BATCH = 100
"""Runs whose artifacts are deleted before their rows are."""
DELETING = 4
"""Runs whose artifacts are deleted at once."""
AGAIN_SECONDS = 60.0
"""When to look again at runs that were to be removed: the store of files may have been out of reach."""
CLOSING_SECONDS = 5.0


class Removals:
    """A thread that deletes the artifacts of claimed runs, then their rows.

    Parameters
    ----------
    gate: Where runs are claimed: `note` is to be one of its observers.
    removed: Called with the ids of runs that are gone.
    """

    def __init__(self, gate: Gate, removed: Callable[[Sequence[str]], None]) -> None:
        self._gate, self._removed = gate, removed
        self._asked: queue.SimpleQueue[Sequence[str] | None] = queue.SimpleQueue()
        self._again: list[tuple[float, Sequence[str] | None]] = []
        self._closed = False
        self._thread: threading.Thread | None = None

    def note(self, performed: Performed) -> None:
        """Observe an operation. Whether it failed does not matter: what was claimed is removed."""
        if isinstance(performed.message, RemoveRuns):
            self._asked.put(performed.message.run_ids)

    def start(self) -> None:
        """Begin with what is claimed already: by a server, or by `runyard gc`, that was ended before it was done."""
        self._thread = threading.Thread(target=self._work, name="runyard-removals", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the run that is being removed; the others are left to the next start."""
        self._closed = True
        self._asked.put(None)
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)

    def _work(self) -> None:
        self._remove(None)
        while not self._closed:
            due = [run_ids for when, run_ids in self._again if when <= time.monotonic()]
            self._again = self._again[len(due) :]
            for run_ids in due:
                self._remove(run_ids)
            try:
                asked = self._asked.get(timeout=self._pause())
            except queue.Empty:
                continue
            if asked is not None and not self._closed:
                # Once more later: the caller may have gone before the runs were claimed.
                self._look_again(asked)
                self._remove(asked)

    def _pause(self) -> float | None:
        """Seconds until there is something to look at again."""
        return max(self._again[0][0] - time.monotonic(), 0.0) if self._again else None

    def _look_again(self, run_ids: Sequence[str] | None) -> None:
        self._again.append((time.monotonic() + AGAIN_SECONDS, run_ids))

    def _remove(self, run_ids: Sequence[str] | None) -> None:
        """Remove those runs that are claimed; all that are when none are named."""
        try:
            found = self._gate.inspect(lambda tx: find_claimed(tx, run_ids))
        except Exception as error:  # noqa: BLE001  (an edge: the thread goes on)
            log.warning("which runs are to be removed is not known: %s", error)
            self._look_again(run_ids)
            return
        failed: list[str] = []
        for first in range(0, len(found), BATCH):
            if not self._closed:
                failed += self._remove_batch(found[first : first + BATCH])
        if failed:
            self._look_again(failed)

    def _remove_batch(self, batch: Sequence[Claimed]) -> list[str]:
        """Remove some runs; returns the ids of those that could not be."""
        run_ids = [one.run_id for one in batch]
        try:
            claimed = self._gate.administer(lambda tx: take_over(tx, run_ids))
            going = [one for one in batch if one.run_id in claimed]
            with ThreadPoolExecutor(DELETING, thread_name_prefix="runyard-removals") as threads:
                gone = {one.run_id for one, fine in zip(going, threads.map(self._delete, going), strict=True) if fine}
            self._gate.administer(lambda tx: remove_rows(tx, sorted(gone)))
        except Exception as error:  # noqa: BLE001  (an edge: the thread goes on)
            log.warning("%d runs are not removed yet: %s", len(run_ids), error)
            return run_ids
        self._removed(sorted(gone))
        return [] if self._closed else [one.run_id for one in going if one.run_id not in gone]

    def _delete(self, one: Claimed) -> bool:
        """Delete the artifacts of a run; returns whether they are gone."""
        if self._closed:
            return False
        try:
            repository = server_repository(one.place)
            if isinstance(repository, LocalRepository) and not repository.root.is_dir():
                raise Unavailable(f"There is no folder {repository.root}.")
            repository.delete(one.path)
            if isinstance(repository, LocalRepository):
                repository.clear_away(one.path.rpartition("/")[0])
        except (RunyardException, OSError) as problem:
            log.warning("the artifacts of run %s were not deleted, so it stays deleted: %s", one.run_id, problem)
            return False
        return True
