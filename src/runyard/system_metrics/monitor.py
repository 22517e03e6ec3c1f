"""The thread that samples the machine while a run goes on."""

import logging
import os
import threading
from typing import Any, Protocol

from runyard import settings
from runyard.core.clock import now_ms
from runyard.exceptions import RunyardException
from runyard.system_metrics import samplers
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Run

log = logging.getLogger(__name__)

PREFIX = "system/"
SECONDS_TO_STOP = 5


class Logger(Protocol):
    """What the monitor needs of a client."""

    def log_batch(self, run_id: str, metrics: Any = (), *, synchronous: bool | None = None) -> Any:
        """Log some points."""

    def get_run(self, run_id: str) -> Run:
        """A run with its latest metrics."""


class SystemMetricsMonitor:
    """Samples the machine and logs what it measures to a run, until it is stopped.

    Sampling never breaks training: errors are logged.
    """

    def __init__(self, client: Logger, run_id: str, resuming: bool = False) -> None:
        self._client, self._run_id, self._resuming = client, run_id, resuming
        self._interval: float = settings.SYSTEM_METRICS_SAMPLING_INTERVAL.get()
        self._samples: int = settings.SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING.get()
        node: str | None = settings.SYSTEM_METRICS_NODE_ID.get()
        self._prefix = f"{PREFIX}{node}/" if node else PREFIX
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="runyard-system-metrics", daemon=True)

    def start(self) -> None:
        """Begin sampling."""
        self._thread.start()

    def stop(self) -> None:
        """End sampling; what was sampled and not yet logged is logged."""
        self._stopped.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(SECONDS_TO_STOP)

    def _work(self) -> None:
        try:
            self._sample_until_stopped(self._first_step())
        except (RunyardException, OSError) as problem:
            log.warning("System metrics of run %s are no longer logged: %s", self._run_id, problem)

    def _first_step(self) -> int:
        """The step after the last one logged, when the run was resumed."""
        if not self._resuming:
            return 0
        latest = self._client.get_run(self._run_id).data._metric_objs
        return max((point.step + 1 for point in latest if point.key.startswith(self._prefix)), default=0)

    def _sample_until_stopped(self, step: int) -> None:
        process_id = os.getpid()
        sources = [source for source in (samplers.Machine(), samplers.gpus()) if source is not None]
        collected: list[dict[str, float]] = []
        while not self._stopped.wait(self._interval) and os.getpid() == process_id:
            collected.append({name: value for source in sources for name, value in source.sample().items()})
            if len(collected) >= self._samples:
                self._log(collected, step)
                collected, step = [], step + 1
        if collected:
            self._log(collected, step)

    def _log(self, samples: list[dict[str, float]], step: int) -> None:
        now = now_ms()
        names = dict.fromkeys(name for sample in samples for name in sample)
        values = {name: [sample[name] for sample in samples if name in sample] for name in names}
        points = [Metric(self._prefix + name, sum(found) / len(found), now, step) for name, found in values.items()]
        self._client.log_batch(self._run_id, metrics=points, synchronous=False)
