"""Removes runs and experiments for good in the background: those claimed, and those a server before left unfinished."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from runyard.artifacts.locations import server_repository
from runyard.artifacts.schemes.local import LocalRepository
from runyard.db.jobs import Unfinished
from runyard.db.transaction import Transaction
from runyard.exceptions import InvalidParameter, RunyardException, Unavailable
from runyard.gate.gate import Gate, Performed
from runyard.tracking.experiments.stages import RUNS_IN_ORDER, Order
from runyard.tracking.many_runs.messages import RemoveRuns
from runyard.tracking.removal.claims import Claimed, find_claimed, take_over
from runyard.tracking.removal.experiments import (
    MODELS_IN_ORDER,
    claimed_experiments,
    delete_models,
    own_folder,
    remove_claimed,
    remove_models,
    still_deleted,
    take_page,
)
from runyard.tracking.removal.messages import RemoveExperiment
from runyard.tracking.removal.remover import remove_rows

log = logging.getLogger("runyard.server")

BATCH = 100
"""Runs or logged models whose artifacts are deleted before their rows are."""
DELETING = 4
"""Runs or logged models whose artifacts are deleted at once."""
AGAIN_SECONDS = 60.0
"""When to look again at runs that were to be removed: the store of files may have been out of reach."""
CLOSING_SECONDS = 5.0


Task = Callable[[], None]


@dataclass(frozen=True)
class _Kind:
    """What has artifacts.

    Attributes
    ----------
    take: Those of some ids whose artifacts may be deleted.
    remove: Removes their rows, in one transaction or in several.
    """

    name: str
    take: Callable[[Transaction, Sequence[str]], frozenset[str]]
    remove: Callable[[Transaction, list[str]], Unfinished | None]


_RUN = _Kind("run", take_over, remove_rows)
_MODEL = _Kind("logged model", still_deleted, remove_models)


class Removals:
    """A thread that deletes the artifacts of claimed runs, then their rows; and so with all of a claimed experiment.

    Parameters
    ----------
    gate: Where they are claimed: `note` is to be one of its observers.
    removed: Called with the ids of runs that are gone.
    """

    def __init__(self, gate: Gate, removed: Callable[[Sequence[str]], None]) -> None:
        self._gate, self._removed = gate, removed
        self._asked: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._again: list[tuple[float, Task]] = []
        self._closed = False
        self._thread: threading.Thread | None = None

    def note(self, performed: Performed) -> None:
        """Observe an operation. Whether it failed does not matter, unless what it asks for cannot be."""
        message = performed.message
        if isinstance(performed.error, InvalidParameter):
            return
        if isinstance(message, RemoveRuns):
            self._asked.put(partial(self._remove, message.run_ids))
        elif isinstance(message, RemoveExperiment):
            self._asked.put(partial(self._remove_experiment, int(message.experiment_id)))

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
        self._remove_experiments()
        while not self._closed:
            due = [task for when, task in self._again if when <= time.monotonic()]
            self._again = self._again[len(due) :]
            for task in due:
                task()
            try:
                asked = self._asked.get(timeout=self._pause())
            except queue.Empty:
                continue
            if asked is not None and not self._closed:
                # Once more later: the caller may have gone before anything was claimed.
                self._look_again(asked)
                asked()

    def _pause(self) -> float | None:
        """Seconds until there is something to look at again."""
        return max(self._again[0][0] - time.monotonic(), 0.0) if self._again else None

    def _look_again(self, task: Task) -> None:
        self._again.append((time.monotonic() + AGAIN_SECONDS, task))

    def _remove(self, run_ids: Sequence[str] | None) -> None:
        """Remove those runs that are claimed; all that are when none are named."""
        try:
            found = self._gate.inspect(lambda tx: find_claimed(tx, run_ids))
        except Exception as error:  # noqa: BLE001  (an edge: the thread goes on)
            log.warning("which runs are to be removed is not known: %s", error)
            self._look_again(partial(self._remove, run_ids))
            return
        failed: list[str] = []
        for first in range(0, len(found), BATCH):
            if not self._closed:
                failed += self._remove_batch(found[first : first + BATCH], _RUN)
        if failed:
            self._look_again(partial(self._remove, failed))

    def _remove_experiments(self) -> None:
        """Remove all experiments that are claimed."""
        try:
            numbers = self._gate.inspect(claimed_experiments)
        except Exception as error:  # noqa: BLE001  (an edge: the thread goes on)
            log.warning("which experiments are to be removed is not known: %s", error)
            self._look_again(self._remove_experiments)
            return
        for number in numbers:
            if not self._closed:
                self._remove_experiment(number)

    def _remove_experiment(self, number: int) -> None:
        """Remove an experiment, if it is claimed, after its logged models and runs."""
        again = partial(self._remove_experiment, number)
        try:
            if number not in self._gate.inspect(claimed_experiments):
                return
            self._gate.administer(lambda tx: delete_models(tx, number))
            failed = self._remove_pages(number, MODELS_IN_ORDER, _MODEL)
            failed += self._remove_pages(number, RUNS_IN_ORDER, _RUN)
            if self._closed:
                return
            folder = self._gate.inspect(lambda tx: own_folder(tx, number))
            reason = self._gate.administer(lambda tx: remove_claimed(tx, number))
            if reason:
                log.warning("experiment %d is not removed yet: %s", number, reason)
            elif folder is not None:
                _clear_away(folder)
            if failed:
                self._look_again(again)
        except Exception as error:  # noqa: BLE001  (an edge: the thread goes on)
            log.warning("experiment %d is not removed yet: %s", number, error)
            self._look_again(again)

    def _remove_pages(self, number: int, order: Order, kind: _Kind) -> list[str]:
        """Remove what an experiment has of a kind; returns the ids of those that could not be."""
        failed: list[str] = []
        after: tuple[int, str] | None = None
        while not self._closed:
            page = self._gate.administer(partial(take_page, number=number, order=order, after=after, amount=BATCH))
            if page.elsewhere:
                log.warning(
                    "experiment %d has %ss whose artifacts are not kept here; run: runyard gc --experiment-ids %d",
                    number,
                    kind.name,
                    number,
                )
            failed += self._remove_batch(page.claimed, kind) if page.claimed else []
            after = page.after
            if after is None:
                break
        return failed

    def _remove_batch(self, batch: Sequence[Claimed], kind: _Kind) -> list[str]:
        """Remove some runs or logged models; returns the ids of those that could not be."""
        ids = [one.id for one in batch]
        try:
            claimed = self._gate.administer(lambda tx: kind.take(tx, ids))
            going = [one for one in batch if one.id in claimed]
            delete = partial(self._delete, kind)
            with ThreadPoolExecutor(DELETING, thread_name_prefix="runyard-removals") as threads:
                gone = {one.id for one, fine in zip(going, threads.map(delete, going), strict=True) if fine}
            self._gate.administer(lambda tx: kind.remove(tx, sorted(gone)))
        except Exception as error:  # noqa: BLE001  (an edge: the thread goes on)
            log.warning("%d %ss are not removed yet: %s", len(ids), kind.name, error)
            return ids
        if kind is _RUN:
            self._removed(sorted(gone))
        return [] if self._closed else [one.id for one in going if one.id not in gone]

    def _delete(self, kind: _Kind, one: Claimed) -> bool:
        """Delete the artifacts of a run or logged model; returns whether they are gone."""
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
            log.warning("the artifacts of %s %s were not deleted, so it stays deleted: %s", kind.name, one.id, problem)
            return False
        return True


def _clear_away(folder: Claimed) -> None:
    """On a local disk, do not leave the empty folder of an experiment behind."""
    repository = server_repository(folder.place)
    if isinstance(repository, LocalRepository):
        for path in (f"{folder.path}/models", folder.path):
            repository.clear_away(path)
