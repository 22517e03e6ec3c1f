"""The runs below a run: the steps of a workflow, the points of a sweep, and nested runs of any kind."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from runyard.core.clock import now_ms
from runyard.core.lifecycle import LifecycleStage
from runyard.projects import tags
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import SearchRuns
from runyard.ui.parts.cells import best_value
from runyard.ui.parts.chosen_runs import MAX_RUNS
from runyard.ui.parts.metric_names import goal_of, weight_of
from runyard.ui.parts.presentation import is_project, latest_metrics, parent_id, run_name, took
from runyard.ui.parts.project import Pairs, json_object, point_values
from runyard.ui.parts.system_metrics import is_of_the_system
from runyard.ui.site import Site

MAX_FOUND = 100
MAX_REUSED = 100
MAX_DEPTH = 5
MAX_MEASURED = 2
"""Metrics that are shown of each run."""
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
"""What is looked for as the id of a run: tags may name anything."""


@dataclass(frozen=True)
class Measured:
    """The latest value of a metric of a run.

    Attributes
    ----------
    is_best: It is the best of the runs beside it, as far as the name of the metric tells what is better.
    """

    key: str
    value: float
    is_best: bool


@dataclass(frozen=True)
class Step:
    """A run in the tree.

    Attributes
    ----------
    run_id: Its id; empty when it is not there any more.
    took: Milliseconds until its end, or until now.
    entry_point: What was run; empty for the points of a sweep, which share one.
    values: Its own values, in a sweep, unless its name says them.
    reused: It is an earlier run that stands for a step which was not run again.
    lost_since: When its program last said that it goes on, if it has gone silent.
    measured: Latest values of metrics that the runs beside it have too.
    """

    name: str
    run_id: str = ""
    entry_point: str = ""
    status: str = ""
    took: int | None = None
    values: Pairs = ()
    reused: bool = False
    deleted: bool = False
    lost_since: int | None = None
    measured: tuple[Measured, ...] = ()
    steps: tuple["Step", ...] = ()


@dataclass(frozen=True)
class Steps:
    """The tree of the runs below a run.

    Attributes
    ----------
    shown: How many runs it has.
    counts: How many of those directly below the run have each status.
    more: There are more than are shown.
    table: The address of the experiment's table with those directly below the run.
    compare: The address of their comparison; empty when they are too few or too many.
    """

    title: str
    steps: tuple[Step, ...]
    shown: int
    counts: tuple[tuple[str, int], ...]
    more: bool
    table: str
    compare: str


def steps_of(site: Site, run: Run) -> Steps | None:
    """The tree below a run; None when nothing is.

    It takes two searches and one for all that was reused, however many runs there are.
    """
    run_id = run.info.run_id
    if not _ID.fullmatch(run_id):
        return None
    below = f"tags.`{tags.PARENT}` = '{run_id}'"
    direct, more = _search(site, run, below)
    found = {one.info.run_id: one for one in direct}
    if direct:
        root = run.data.tags.get(tags.ROOT, "")
        workflow = f"tags.`{tags.ROOT}` = '{root if _ID.fullmatch(root) else run_id}'"
        further, more_below = _search(site, run, workflow)
        found |= {one.info.run_id: one for one in further}
        more = more or more_below
    family = _Family(run, found.values())
    reused = _reused(site, run, family.below)
    steps = family.steps(run_id, reused)
    if not steps:
        return None
    ids = [one.info.run_id for one in direct]
    return Steps(
        title=_title(run),
        steps=steps,
        shown=len(family.below) + sum(map(len, reused.values())),
        counts=tuple(Counter(one.info.status for one in direct).most_common()),
        more=more,
        table=site.urls("experiments", run.info.experiment_id, filter=below) if direct else "",
        compare=site.urls("compare", runs=",".join(ids)) if 2 <= len(ids) <= MAX_RUNS and not more else "",
    )


class _Family:
    """Runs by what they are nested in, each at one place, also when tags name each other in a circle."""

    def __init__(self, top: Run, runs: Iterable[Run]) -> None:
        self._children: dict[str, list[Run]] = {}
        for run in sorted(runs, key=lambda one: (one.info.start_time, one.info.run_id)):
            self._children.setdefault(parent_id(run) or "", []).append(run)
        self.below: list[Run] = []
        self._measured = _measured([run for runs in self._children.values() for run in runs])
        seen, waiting = {top.info.run_id}, [top.info.run_id]
        while waiting:
            above = waiting.pop()
            new = [run for run in self._children.get(above, ()) if run.info.run_id not in seen]
            self._children[above] = new
            self.below += new
            ids = [run.info.run_id for run in new]
            seen.update(ids)
            waiting += ids

    def steps(self, above: str, reused: Mapping[str, Sequence[Step]], depth: int = 1) -> tuple[Step, ...]:
        """The steps below a run; those too deep to be indented follow the one they are below."""
        found = list(reused.get(above, ()))
        for run in self._children.get(above, ()):
            below = self.steps(run.info.run_id, reused, depth + 1)
            measured = self._measured.get(run.info.run_id, ())
            found.append(replace(_step(run), measured=measured, steps=below if depth < MAX_DEPTH else ()))
            found += below if depth >= MAX_DEPTH else ()
        return tuple(found)


def _measured(runs: Sequence[Run]) -> dict[str, tuple[Measured, ...]]:
    """Of each run the metrics that tell the most of how good it is, of those that at least two of the runs have."""
    values = {run.info.run_id: {key: point.value for key, point in latest_metrics(run).items()} for run in runs}
    amounts = Counter(key for measured in values.values() for key in measured if not is_of_the_system(key))
    keys = sorted((key for key, amount in amounts.items() if amount > 1), key=lambda key: (-weight_of(key), key))
    best = {
        key: best_value([measured[key] for measured in values.values() if key in measured], goal_of(key))
        for key in keys[:MAX_MEASURED]
    }
    return {
        run_id: tuple(
            Measured(key, measured[key], measured[key] == top) for key, top in best.items() if key in measured
        )
        for run_id, measured in values.items()
    }


def _search(site: Site, run: Run, question: str) -> tuple[list[Run], bool]:
    """The first runs of an experiment that a filter finds, and whether there are more."""
    message = SearchRuns(
        experiment_ids=[run.info.experiment_id], filter=question, order_by=["start_time ASC"], max_results=MAX_FOUND
    )
    found = site.ask(message)
    return found.runs, bool(found.next_page_token)


def _step(run: Run) -> Step:
    info, name = run.info, run_name(run)
    values = point_values(run.data.tags)
    named_by_values = all(f"{key}={value}" in name for key, value in values)
    return Step(
        name=name,
        run_id=info.run_id,
        entry_point="" if values else run.data.tags.get(tags.ENTRY_POINT, ""),
        status=info.status,
        took=now_ms() - info.start_time if info.status == "RUNNING" else took(run),
        values=() if named_by_values else values,
        deleted=info.lifecycle_stage == LifecycleStage.DELETED,
        lost_since=info.lost_since,
    )


def _reused(site: Site, run: Run, below: Sequence[Run]) -> dict[str, list[Step]]:
    """The earlier runs that stand for steps, by the run they are noted on."""
    noted = [
        (one.info.run_id, key.removeprefix(tags.REUSED), value)
        for one in (run, *below)
        for key, value in one.data.tags.items()
        if key.startswith(tags.REUSED)
    ]
    noted = [one for one in noted if _ID.fullmatch(one[1])][:MAX_REUSED]
    if not noted:
        return {}
    ids = sorted({run_id for _, run_id, _ in noted})
    listed = ", ".join(f"'{run_id}'" for run_id in ids)
    question = SearchRuns(
        experiment_ids=[run.info.experiment_id],
        filter=f"attributes.run_id IN ({listed})",
        run_view_type="ALL",
        max_results=len(ids),
    )
    known = {one.info.run_id: one for one in site.ask(question).runs}
    steps: dict[str, list[Step]] = {}
    for above, run_id, value in sorted(noted, key=lambda one: known[one[1]].info.start_time if one[1] in known else 0):
        entry_point = json_object(value).get("entry_point")
        named = entry_point if isinstance(entry_point, str) else ""
        step = _step(known[run_id]) if run_id in known else Step(name=run_id)
        steps.setdefault(above, []).append(replace(step, entry_point=step.entry_point or named, reused=True))
    return steps


def _title(run: Run) -> str:
    if tags.SWEEP in run.data.tags:
        return "Sweep"
    return "Steps" if is_project(run) else "Nested runs"
