"""The parent run of a sweep: what it notes, so that the sweep can be resumed from it alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from runyard.client import RunyardClient
from runyard.core import origin
from runyard.exceptions import InvalidProject
from runyard.projects import tags
from runyard.projects.sources import Source
from runyard.tracking.runs.entities import Run

_MAX_RUNS = 50_000


@dataclass(frozen=True)
class SweepPlan:
    """What is swept.

    Attributes
    ----------
    uri: The project.
    parameters: Values that all points share.
    values: Values of each parameter that varies.
    """

    uri: str
    entry_point: str = "main"
    version: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    env_manager: str | None = None

    def kept_as(self, source: str) -> "SweepPlan":
        """The plan as it is noted: with an address that means the same anywhere, without credentials."""
        return replace(self, uri=source)

    def updated(self, given: "SweepPlan") -> "SweepPlan":
        """A noted plan with what the caller says anew: where the project is, and what more to try.

        Raises
        ------
        InvalidProject: The values are of other parameters than before.
        """
        if given.values and set(given.values) != set(self.values):
            raise InvalidProject(
                f"The sweep varies {sorted(self.values)}; it cannot be resumed with values of {sorted(given.values)}."
            )
        return replace(
            self,
            uri=given.uri or self.uri,
            values=given.values or self.values,
            env_manager=given.env_manager or self.env_manager,
        )


def described(plan: SweepPlan, source: Source, engine: str) -> dict[str, str]:
    """The tags of a parent run."""
    return {
        tags.USER: origin.user(),
        tags.SOURCE_NAME: source.name,
        tags.SOURCE_TYPE: "PROJECT",
        tags.ENTRY_POINT: plan.entry_point,
        tags.BACKEND: engine,
        tags.SWEEP: json.dumps(asdict(plan)),
        **source.tags,
        **({} if plan.version is None else {tags.VERSION: plan.version}),
    }


def plan_of(parent: Run) -> SweepPlan:
    """What the parent run of a sweep notes.

    Raises
    ------
    InvalidProject: The run is none of a sweep.
    """
    try:
        noted: dict[str, Any] = json.loads(parent.data.tags[tags.SWEEP])
        return SweepPlan(**noted)
    except (KeyError, TypeError, ValueError):
        run_id = parent.info.run_id
        raise InvalidProject(f"Run {run_id!r} is not the parent of a sweep, so it cannot be resumed.") from None


def finished(client: RunyardClient, parent: Run) -> dict[str, tuple[Mapping[str, str], str]]:
    """The points of a sweep that have finished: by key, with their values and runs.

    Those that still seem to run are marked as killed: their process is gone, and they are run again.
    """
    found = client.search_runs(
        [parent.info.experiment_id],
        filter_string=f"tags.`{tags.PARENT}` = '{parent.info.run_id}'",
        max_results=_MAX_RUNS,
    )
    points = {run.info.run_id: run.data.tags.get(tags.POINT) for run in found}
    for run in found:
        if points[run.info.run_id] and run.info.status == "RUNNING":
            client.set_terminated(run.info.run_id, "KILLED")
    done = {points[run.info.run_id]: run.info.run_id for run in found if run.info.status == "FINISHED"}
    return {key: (json.loads(key), run_id) for key, run_id in done.items() if key}
