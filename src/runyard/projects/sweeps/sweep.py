"""``runyard.projects.sweep``: a project, run for every combination of values under one parent run."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runyard import settings
from runyard.client import RunyardClient
from runyard.client.output import Output, RunStore
from runyard.core.amounts import plural
from runyard.core.store_address import absolute
from runyard.exceptions import InvalidProject
from runyard.fluent import run_end
from runyard.fluent.clients import client as fluent_client
from runyard.projects import archives, runs, sources, tags
from runyard.projects.environment import planned
from runyard.projects.launch import active_parent, configuration
from runyard.projects.project import load_project
from runyard.projects.request import Request
from runyard.projects.sources import Source
from runyard.projects.state import project_files
from runyard.projects.sweeps import parents
from runyard.projects.sweeps.engines import SweepEngine, closing
from runyard.projects.sweeps.loader import engine_named
from runyard.projects.sweeps.parents import SweepPlan
from runyard.projects.sweeps.points import Outcome, Point, key_of
from runyard.projects.sweeps.values import Values, points_of, values_of
from runyard.tracking.runs.entities import Run

MAX_ARCHIVE = 200_000_000

Start = Callable[[str, int], None]
"""Called with the parent run's id and the number of points."""
Progress = Callable[[Outcome, int, int], None]
"""Called for each point that ended: its outcome, the number of finished points, and the total."""


@dataclass(frozen=True)
class SweepResult:
    """A sweep that ended.

    Attributes
    ----------
    run_id: The parent run.
    outcomes: The outcome of each point, in the order of the points.
    """

    run_id: str
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The points that did not succeed."""
        return tuple(one for one in self.outcomes if one.status != "FINISHED")


def sweep(
    uri: str | os.PathLike[str] | None = None,
    sweep: Values | None = None,
    entry_point: str = "main",
    version: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    env_manager: str | None = None,
    parallel: int | None = None,
    engine: str = "local",
    engine_config: Mapping[str, Any] | str | None = None,
    reuse: bool | None = None,
    resume: str | None = None,
    on_start: Start | None = None,
    on_progress: Progress | None = None,
) -> SweepResult:
    """Run a project once for every combination of values: nested runs of a new run, or of one that is resumed.

    A point that fails does not keep others from running.

    Parameters
    ----------
    uri: The project, as `runyard.projects.run` takes it.
    sweep: For each parameter that varies a list of values, or a text such as ``0.1,0.01`` or ``3..8``.
    entry_point: What of it to run.
    version: Branch, tag or commit, for projects in git.
    parameters: Values of the other parameters.
    experiment_name: Experiment of the runs, created if it does not exist; or else
    experiment_id: its id.
    run_name: Name of the parent run.
    env_manager: As for `runyard.projects.run`.
    parallel: Maximum number of points that run at the same time; one on this machine when left out.
    engine: ``local``, ``dask``, or one that an installed package offers.
    engine_config: What the engine needs to know: a mapping, JSON, or the path of a ``.json`` file.
    reuse: Let earlier finished runs of the same stand for points.
    resume: The parent run of a sweep that was interrupted or has failures: its points that did not finish are run, and
        all other arguments but those about the engine may be left out.
    on_start: Called when the parent run is there and the first points begin.
    on_progress: Called when a point has ended.

    Raises
    ------
    InvalidProject: Something about the project, a value or the arguments is wrong; nothing was run.
    """
    client = fluent_client()
    given = SweepPlan(
        uri="" if uri is None else os.fspath(uri),
        entry_point=entry_point,
        version=version,
        parameters={str(name): str(value) for name, value in (parameters or {}).items()},
        values={str(name): values_of(str(name), one) for name, one in (sweep or {}).items()},
        env_manager=env_manager,
    )
    parent = None if resume is None else client.get_run(resume)
    plan = given if parent is None else parents.plan_of(parent).updated(given)
    request = Request(
        uri=plan.uri,
        entry_point=plan.entry_point,
        version=plan.version,
        parameters=plan.parameters,
        env_manager=plan.env_manager,
        storage_dir=settings.TMP_DIR.get(),
        experiment_name=experiment_name,
        experiment_id=experiment_id if parent is None else parent.info.experiment_id,
        run_name=run_name,
        parent_run_id=active_parent(),
        reuse=settings.PROJECT_REUSE.get() if reuse is None else reuse,
        echo=False,
    )
    request.check()
    chosen = engine_named(engine, parallel, configuration(engine_config))
    return _Sweep(client, plan, request, chosen, engine).run(parent, on_start, on_progress)


class _Sweep:
    """A sweep that is being run.

    Parameters
    ----------
    plan: What is swept.
    request: What every point has in common.
    name: The engine's name.
    """

    def __init__(
        self,
        client: RunyardClient,
        plan: SweepPlan,
        request: Request,
        engine: SweepEngine,
        name: str,
    ) -> None:
        self._client, self._plan, self._request = client, plan, request
        self._engine, self._name = engine, name

    def run(self, parent: Run | None, on_start: Start | None, on_progress: Progress | None) -> SweepResult:
        """Check every point, run those that have not finished, and end the parent run."""
        combinations = points_of(self._plan.values)
        source = sources.fetch(self._plan.uri, self._plan.version)
        try:
            self._check(source, combinations)
            archive = _archived(source.folder) if self._engine.needs_archive else None
            known = {} if parent is None else parents.finished(self._client, parent)
            known = {key: known[key] for key in map(key_of, combinations) if key in known}
            run = parent or self._parent(source)
            waiting = [
                self._point(source, run, values, archive) for values in combinations if key_of(values) not in known
            ]
            with self._ended(run) as outcomes:
                outcomes |= {key: Outcome(values, run_id, "FINISHED") for key, (values, run_id) in known.items()}
                if on_start is not None:
                    on_start(run.info.run_id, len(combinations))
                self._perform(run, waiting, outcomes, len(combinations), on_progress)
        finally:
            source.close()
        return SweepResult(run.info.run_id, tuple(outcomes[key_of(values)] for values in combinations))

    def _check(self, source: Source, combinations: Sequence[Mapping[str, str]]) -> None:
        """Check that every point can be run, before any is."""
        double = sorted(set(self._plan.values) & set(self._plan.parameters))
        if double:
            raise InvalidProject(f"The parameters {double} have a value and are swept too. Leave out one of both.")
        project = load_project(source.folder)
        entry_point = project.get_entry_point(self._request.entry_point)
        for values in combinations:
            entry_point.shell_command(entry_point.values({**self._plan.parameters, **values}))
        planned(project, self._request.env_manager, {}, False, "sweep")

    def _parent(self, source: Source) -> Run:
        """The new run above all points."""
        kept = self._plan.kept_as(source.name)
        about = parents.described(kept, source, self._name) | runs.placed(self._request)
        return runs.run_for(
            self._client, self._request.experiment(self._client), self._request, about, self._plan.parameters
        )

    def _point(self, source: Source, parent: Run, values: Mapping[str, str], archive: bytes | None) -> Point:
        about = {tags.SOURCE_NAME: source.name, **source.tags}
        if self._plan.version is not None:
            about[tags.VERSION] = self._plan.version
        request = replace(
            self._request,
            uri=str(source.folder),
            version=None,
            parameters={**self._plan.parameters, **values},
            experiment_name=None,
            experiment_id=parent.info.experiment_id,
            run_name=" ".join(f"{name}={value}" for name, value in values.items())[:200],
            parent_run_id=parent.info.run_id,
            tags=about,
        )
        return Point(values, request, absolute(self._client.tracking_uri), archive)

    @contextmanager
    def _ended(self, parent: Run) -> Iterator[dict[str, Outcome]]:
        """Give the parent run the status that the outcomes deserve, or the interruption."""
        outcomes: dict[str, Outcome] = {}
        run_id = parent.info.run_id
        status = "KILLED"

        def mark_killed() -> None:
            runs.end(self._client, run_id, "KILLED", None)

        self._client.update_run(run_id, status="RUNNING")
        run_end.watch_process()
        run_end.before_sigterm.append(mark_killed)
        try:
            yield outcomes
            status = "FINISHED" if all(one.status == "FINISHED" for one in outcomes.values()) else "FAILED"
        except Exception:
            status = "FAILED"
            raise
        finally:
            run_end.before_sigterm.remove(mark_killed)
            runs.end(self._client, run_id, status, None)

    def _perform(
        self,
        parent: Run,
        points: Sequence[Point],
        outcomes: dict[str, Outcome],
        total: int,
        on_progress: Progress | None,
    ) -> None:
        """Run the points; what is known of each is on the parent's page when it ends."""
        output = Output(RunStore(self._client.connection, parent.info.run_id), echo=False)
        try:
            if outcomes:
                output.say(f"{len(outcomes)} of {plural(total, 'point')} finished before")
            with closing(self._engine.outcomes(points)) as ended:
                for outcome in ended:
                    outcomes[key_of(outcome.values)] = outcome
                    self._tell(parent, outcome, outcomes, total, output)
                    if on_progress is not None:
                        on_progress(outcome, len(outcomes), total)
        finally:
            output.close()

    def _tell(self, parent: Run, outcome: Outcome, outcomes: Mapping[str, Outcome], total: int, output: Output) -> None:
        done = len(outcomes)
        output.say(progress_line(outcome, done, total))
        failed = sum(one.status != "FINISHED" for one in outcomes.values())
        for key, value in (("sweep.finished", done - failed), ("sweep.failed", failed)):
            self._client.log_metric(parent.info.run_id, key, value, step=done)


def progress_line(outcome: Outcome, done: int, total: int) -> str:
    """A line about a point that ended."""
    values = " ".join(f"{name}={value}" for name, value in outcome.values.items())
    where = f"  run {outcome.run_id}" if outcome.run_id else ""
    line = f"[{done}/{total}] {values}  {outcome.status}  {outcome.seconds:.1f} s{where}"
    return line if outcome.problem is None else f"{line}\n    {outcome.problem.replace(chr(10), chr(10) + '    ')}"


def _archived(folder: Path) -> bytes:
    """The project's files as a zip archive, for workers that cannot read its folder."""
    files = project_files(folder)
    size = sum(path.stat().st_size for path in files)
    if size > MAX_ARCHIVE:
        raise InvalidProject(
            f"The project has {size:,} bytes; at most {MAX_ARCHIVE:,} are sent to workers. Keep data outside of it."
        )
    with tempfile.TemporaryDirectory(prefix="runyard-sweep-") as scratch:
        archive = Path(scratch, "project.zip")
        archives.packed(folder, files, archive)
        return archive.read_bytes()
