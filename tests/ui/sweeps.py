"""What somebody looks for in the table of runs: a sweep with seeds, its best run, and last week's run."""

import time
from dataclasses import dataclass

from runyard.core.entity import Tag
from runyard.gate.gate import Gate
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch, UpdateRun
from tests.factories import a_run

RATES, SEEDS = ("0.001", "0.01", "0.1"), 8
BEST, LAST_WEEKS = "resnet lr=0.01 seed=3", "baseline before the holidays"
DAY = 86_400_000


@dataclass(frozen=True)
class Sweep:
    """Runs of a sweep that are there already.

    Attributes
    ----------
    best: The id of the run with the best ``val/acc``: 0.97.
    last_weeks: The id of last week's run, which is in another experiment.
    """

    best: str
    last_weeks: str


def accuracy(rate: int, seed: int) -> float:
    """The accuracy of a run: no two are alike, seeds differ by less than rates, and one run stands out."""
    return 0.97 if (rate, seed) == (1, 3) else (0.81, 0.92, 0.61)[rate] + seed / 1000


def a_sweep(gate: Gate, experiment_id: str, elsewhere: str) -> Sweep:
    """Add 24 runs, three learning rates with eight seeds each, and last week's run to another experiment."""
    now, ids = int(time.time() * 1000), {}
    for rate, text in enumerate(RATES):
        for seed in range(SEEDS):
            began = now - (rate * SEEDS + seed + 1) * 600_000
            name = f"resnet lr={text} seed={seed}"
            ids[name] = a_run(gate, experiment_id, {"team": "vision"}, run_name=name, start_time=began)
            params = {"lr": text, "seed": str(seed), "optimizer": "adam", "depth": "50"}
            batch = LogBatch(
                run_id=ids[name],
                metrics=[Metric(key="val/acc", value=accuracy(rate, seed), timestamp=began, step=1)],
                params=[Param(key=key, value=value) for key, value in params.items()],
            )
            gate.perform(batch)
            gate.perform(UpdateRun(run_id=ids[name], status="FINISHED", end_time=began + 300_000))
    last_weeks = a_run(gate, elsewhere, run_name=LAST_WEEKS, start_time=now - 7 * DAY)
    gate.perform(LogBatch(run_id=last_weeks, tags=[Tag(key="team", value="vision")]))
    return Sweep(ids[BEST], last_weeks)
