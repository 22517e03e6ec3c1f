"""A sweep runs a project for every combination, whatever becomes of single ones."""

import json
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import runyard
from runyard.client import RunyardClient
from runyard.exceptions import ExecutionException, InvalidProject
from runyard.projects import sweep
from runyard.projects.sweeps.points import Outcome
from runyard.tracking.runs.entities import Run

pytestmark = pytest.mark.usefixtures("forked_python")

Until = Callable[[Callable[[], bool]], None]


def nested(client: RunyardClient, run_id: str) -> list[Run]:
    """The runs below a sweep's parent, oldest first."""
    runs = client.search_runs([client.get_run(run_id).info.experiment_id], order_by=["attributes.start_time ASC"])
    return [run for run in runs if run.data.tags.get("mlflow.parentRunId") == run_id]


def test_every_combination_is_a_nested_run(client: RunyardClient, project: Path) -> None:
    """With its values as params, and a name that tells it from the others."""
    done = sweep(project, {"lr": [0.1, 0.01], "depth": "1..2"}, experiment_name="sums", run_name="all", parallel=2)

    runs = nested(client, done.run_id)
    assert [("0.1", "1"), ("0.1", "2"), ("0.01", "1"), ("0.01", "2")] == [
        (client.get_run(str(one.run_id)).data.params["lr"], one.values["depth"]) for one in done.outcomes
    ]
    assert {"lr=0.1 depth=1", "lr=0.1 depth=2", "lr=0.01 depth=1", "lr=0.01 depth=2"} == {
        run.info.run_name for run in runs
    }
    assert {1.1, 2.1, 1.01, 2.01} == {run.data.metrics["sum"] for run in runs}
    parent = client.get_run(done.run_id)
    assert ("all", "FINISHED", "PROJECT") == (
        parent.info.run_name,
        parent.info.status,
        parent.data.tags["mlflow.source.type"],
    )
    assert {"sweep.finished": 4.0, "sweep.failed": 0.0} == parent.data.metrics


def test_a_failure_is_kept_apart(client: RunyardClient, project: Path) -> None:
    """The other points are run, the parent says that not all went well, and the reason is at hand."""
    done = sweep(project, {"depth": [1, 2, 3]}, parameters={"bad": "2"})

    assert ["FINISHED", "FAILED", "FINISHED"] == [one.status for one in done.outcomes]
    (failed,) = done.failed
    assert "exit code 4" in str(failed.problem)
    assert "adding 0.1 2" in str(failed.problem)
    assert "FAILED" == client.get_run(done.run_id).info.status
    assert 1.0 == client.get_run(done.run_id).data.metrics["sweep.failed"]


def test_progress_is_told_and_kept(client: RunyardClient, project: Path) -> None:
    """A long sweep is watched from the console and from its page."""
    told: list[tuple[dict[str, str], int, int]] = []
    begun: list[tuple[str, int]] = []

    done = sweep(
        project,
        {"depth": [1, 2]},
        on_start=lambda run_id, total: begun.append((run_id, total)),
        on_progress=lambda one, ended, total: told.append((dict(one.values), ended, total)),
    )

    assert [(done.run_id, 2)] == begun
    assert [({"depth": "1"}, 1, 2), ({"depth": "2"}, 2, 2)] == told
    kept = Path(client.download_artifacts(done.run_id, "logs/output.log", str(project.parent))).read_text()
    assert "[2/2] depth=2  FINISHED" in kept


def test_a_sweep_goes_on_where_it_failed(client: RunyardClient, project: Path) -> None:
    """Only what has not finished is run again, under the same parent, with nothing said again."""
    first = sweep(project, {"depth": [1, 2, 3]}, parameters={"bad": "1 3"})
    (project / "mended").touch()

    second = sweep(resume=first.run_id)

    assert first.run_id == second.run_id
    assert ["FINISHED"] * 3 == [one.status for one in second.outcomes]
    assert first.outcomes[1].run_id == second.outcomes[1].run_id
    assert 5 == len(nested(client, first.run_id))
    assert "FINISHED" == client.get_run(first.run_id).info.status


def test_a_sweep_that_was_cut_off_goes_on(client: RunyardClient, project: Path) -> None:
    """A machine that lost its power leaves runs that seem to go on: those are run again."""
    first = sweep(project, {"depth": [1, 2]})
    client.update_run(str(first.outcomes[1].run_id), status="RUNNING")
    client.update_run(first.run_id, status="RUNNING")

    second = sweep(resume=first.run_id)

    assert "KILLED" == client.get_run(str(first.outcomes[1].run_id)).info.status
    assert first.outcomes[1].run_id != second.outcomes[1].run_id
    assert first.outcomes[0].run_id == second.outcomes[0].run_id


def test_more_values_can_be_tried_later(client: RunyardClient, project: Path) -> None:
    """A sweep is resumed with a longer list; other parameters would be another sweep."""
    first = sweep(project, {"depth": [1]})

    second = sweep(project, {"depth": [1, 2]}, resume=first.run_id)

    assert 2 == len(nested(client, second.run_id))
    with pytest.raises(InvalidProject, match="cannot be resumed with values of"):
        sweep(project, {"lr": [1]}, resume=first.run_id)


def test_only_a_sweep_can_be_resumed(client: RunyardClient, project: Path) -> None:
    """Any other run, and one whose tag somebody changed, is refused."""
    other = client.create_run("0").info.run_id
    broken = client.create_run("0", tags={"runyard.sweep": json.dumps({"uri": 1, "more": 2})}).info.run_id

    for run_id in (other, broken):
        with pytest.raises(InvalidProject, match="not the parent of a sweep"):
            sweep(resume=run_id)


@pytest.mark.parametrize(
    ("swept", "parameters", "said"),
    [
        ({"depth": [1, "x"]}, {}, "takes an integer; got 'x'"),
        ({"depth": [1]}, {"depth": 2}, "are swept too"),
        ({"depth": []}, {}, "lacks a value"),
        ({}, {}, "needs parameters"),
        ({"lr": ["1", "$(x)"]}, {}, "takes a number"),
    ],
)
def test_nothing_is_run_when_one_point_could_not_be(
    client: RunyardClient, project: Path, swept: dict[str, list[object]], parameters: dict[str, object], said: str
) -> None:
    """A mistake in the last of a hundred values is said before the first is run."""
    with pytest.raises(InvalidProject, match=said.replace("$", r"\$").replace("(", r"\(")):
        sweep(project, swept, parameters=parameters)

    assert [] == list(client.search_runs(["0"]))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"engine": "mainframe"}, "no sweep engine 'mainframe'"),
        ({"parallel": 0}, "at least 1"),
        ({"engine_config": "{"}, "cannot be read"),
        ({"experiment_name": "a", "experiment_id": "0"}, "either experiment_name or experiment_id"),
        ({"env_manager": "conda"}, "no conda environment"),
    ],
)
def test_wrong_arguments_are_refused(
    client: RunyardClient, project: Path, arguments: dict[str, object], said: str
) -> None:
    """Before anything is run."""
    with pytest.raises((InvalidProject, ExecutionException), match=said):
        sweep(project, {"depth": [1]}, **arguments)  # type: ignore[arg-type]

    assert [] == list(client.search_runs(["0"]))


def test_inside_of_a_run_a_sweep_is_nested_in_it(client: RunyardClient, project: Path) -> None:
    """A script that sweeps twice keeps both below its own run."""
    with runyard.start_run() as outer:
        done = sweep(project, {"depth": [1]})

    assert outer.info.run_id == client.get_run(done.run_id).data.tags["mlflow.parentRunId"]


def test_points_are_reused_when_that_is_asked_for(client: RunyardClient, project: Path) -> None:
    """A second sweep over a larger grid pays only for what is new."""
    first = sweep(project, {"depth": [1]})

    second = sweep(project, {"depth": [1, 2]}, reuse=True)

    assert first.outcomes[0].run_id == second.outcomes[0].run_id
    assert 1 == len(nested(client, second.run_id))
    assert f"runyard.project.reused.{first.outcomes[0].run_id}" in client.get_run(second.run_id).data.tags


def test_an_interrupted_sweep_ends_its_processes(client: RunyardClient, project: Path, until: Until) -> None:
    """Ctrl-C leaves no run behind that goes on, and no process; what had finished stays finished."""
    (project / "wait-2").touch()

    def interrupt(outcome: Outcome, _ended: int, _total: int) -> None:
        until(lambda: any(run.data.metrics.get("sum") == 2.1 for run in client.search_runs(["0"])))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(project, {"depth": [1, 2, 3]}, parallel=2, on_progress=interrupt)
    status = {run.info.run_name: run.info.status for run in client.search_runs(["0"])}

    assert ("FINISHED", "KILLED") == (status.pop("depth=1"), status.pop("depth=2"))
    assert {"KILLED"} == {*status.values()} - {"FINISHED"}
    assert [] == [process for process in psutil.process_iter() if str(project) in (_folder_of(process) or "")]


def _folder_of(process: psutil.Process) -> str | None:
    try:
        return process.cwd()
    except psutil.Error:
        return None
