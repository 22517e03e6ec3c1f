"""Starting, nesting, resuming and ending runs."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest

from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException
from runyard.fluent.stack import active_run_stack


def test_a_run_in_a_with_statement_is_active_inside_and_finished_after(mlflow: ModuleType) -> None:
    """The five-line script."""
    with mlflow.start_run(run_name="first", tags={"team": "blue"}, description="why") as run:
        assert mlflow.active_run() is run
        assert run.info.status == "RUNNING"

    stored = mlflow.get_run(run.info.run_id)
    assert mlflow.active_run() is None
    assert (stored.info.status, stored.info.run_name) == ("FINISHED", "first")
    assert stored.info.end_time >= stored.info.start_time
    assert (stored.data.tags["team"], stored.data.tags["mlflow.note.content"]) == ("blue", "why")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("x"), "FAILED"),
        (KeyboardInterrupt(), "KILLED"),
        (SystemExit(0), "FINISHED"),
        (SystemExit(3), "FAILED"),
    ],
)
def test_leaving_the_block_by_an_exception_tells_the_truth(
    mlflow: ModuleType, error: BaseException, status: str
) -> None:
    """An interrupted run was killed; a script that exits on purpose finished."""
    with pytest.raises(type(error)), mlflow.start_run() as run:
        raise error

    assert mlflow.get_run(run.info.run_id).info.status == status


def test_a_run_ended_inside_of_its_block_keeps_its_status(mlflow: ModuleType) -> None:
    """The block does not end it a second time."""
    with mlflow.start_run() as run:
        mlflow.end_run("KILLED")

    assert mlflow.get_run(run.info.run_id).info.status == "KILLED"


def test_a_second_run_is_refused_while_one_is_active(mlflow: ModuleType) -> None:
    """The message names the active run and both ways out."""
    run = mlflow.start_run()

    with pytest.raises(InvalidParameter, match=f"{run.info.run_id}.* already active.*end_run.*nested=True"):
        mlflow.start_run()


def test_nested_runs_know_their_parent(mlflow: ModuleType) -> None:
    """Ending the inner one makes the outer one active again."""
    with mlflow.start_run() as outer:
        with mlflow.start_run(nested=True) as inner:
            assert mlflow.active_run() is inner
        assert mlflow.active_run() is outer

    parent = mlflow.get_parent_run(inner.info.run_id)
    assert parent.info.run_id == outer.info.run_id == inner.data.tags["mlflow.parentRunId"]
    assert mlflow.get_parent_run(outer.info.run_id) is None


def test_a_parent_can_be_named(mlflow: ModuleType) -> None:
    """Workers of a sweep attach their runs to one they did not start."""
    with mlflow.start_run() as parent:
        pass
    with mlflow.start_run(parent_run_id=parent.info.run_id) as child:
        pass

    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    with pytest.raises(DoesNotExist, match="missing"):
        mlflow.start_run(parent_run_id="missing")


def test_a_parent_other_than_the_active_run_is_refused(mlflow: ModuleType) -> None:
    """A run cannot be nested in two."""
    with mlflow.start_run() as other:
        pass
    with mlflow.start_run(), pytest.raises(InvalidParameter, match="End the active run first"):
        mlflow.start_run(nested=True, parent_run_id=other.info.run_id)


def test_resuming_continues_a_run(mlflow: ModuleType) -> None:
    """Its status is RUNNING again; name and tags are set as given."""
    with mlflow.start_run() as first:
        mlflow.log_param("a", 1)
    with mlflow.start_run(run_id=first.info.run_id, run_name="again", tags={"b": 2}) as second:
        assert second.info.run_id == first.info.run_id
        assert second.info.status == "RUNNING"
        mlflow.log_metric("m", 1.0)

    stored = mlflow.get_run(first.info.run_id)
    assert (stored.info.run_name, stored.data.tags["b"]) == ("again", "2")
    assert (stored.data.params, stored.data.metrics) == ({"a": "1"}, {"m": 1.0})


def test_a_deleted_run_is_not_resumed(mlflow: ModuleType) -> None:
    """The message says how to get it back."""
    with mlflow.start_run() as run:
        pass
    mlflow.delete_run(run.info.run_id)

    with pytest.raises(InvalidParameter, match=r"deleted.*restore_run"):
        mlflow.start_run(run_id=run.info.run_id)

    mlflow.restore_run(run.info.run_id)
    with mlflow.start_run(run_id=run.info.run_id):
        pass


def test_a_run_of_another_experiment_than_the_chosen_one_is_not_resumed(mlflow: ModuleType) -> None:
    """As MLflow: it would be logged where nobody looks for it."""
    with mlflow.start_run() as run:
        pass
    mlflow.set_experiment("other")

    with pytest.raises(InvalidParameter, match="belongs to experiment '0'"):
        mlflow.start_run(run_id=run.info.run_id)


def test_the_run_in_the_environment_is_resumed_once(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Launchers hand a run to the script they start; its second run is its own."""
    with mlflow.start_run() as run:
        pass
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)

    mlflow.log_param("x", 1)
    assert mlflow.active_run().info.run_id == run.info.run_id
    mlflow.end_run()
    with mlflow.start_run() as second:
        assert second.info.run_id != run.info.run_id
    assert "MLFLOW_RUN_ID" not in os.environ


def test_one_of_many_threads_resumes_the_run_in_the_environment(
    mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads that start at the same moment do not log into each other's run."""
    with mlflow.start_run() as run:
        pass
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    together = threading.Barrier(4)

    def start(_: int) -> str:
        together.wait()
        with mlflow.start_run() as started:
            return str(started.info.run_id)

    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(start, range(4)))

    assert (4, 1) == (len(set(started)), started.count(run.info.run_id))


def test_arguments_beat_the_run_in_the_environment(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that is asked for is made; its parent is neither renamed nor ended."""
    with mlflow.start_run(run_name="parent") as parent:
        pass
    for name in ("MLFLOW_RUN_ID", "RUNYARD_RUN_ID"):
        monkeypatch.setenv(name, parent.info.run_id)
        with mlflow.start_run(run_name="child", nested=True, parent_run_id=parent.info.run_id) as child:
            pass
        assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id != child.info.run_id
        assert mlflow.get_run(parent.info.run_id).info.run_name == "parent"
        assert name not in os.environ

    monkeypatch.setenv("MLFLOW_RUN_ID", parent.info.run_id)
    with mlflow.start_run(run_id=child.info.run_id) as resumed:
        assert resumed.info.run_id == child.info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", parent.info.run_id)
    with mlflow.start_run(experiment_id=mlflow.create_experiment("another")) as elsewhere:
        assert elsewhere.info.run_id != parent.info.run_id


def test_an_active_run_is_not_resumed_by_the_environment(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not inside of itself, not in another thread; and nested runs leave the variable to the first that is not."""
    with mlflow.start_run(run_name="first") as before:
        pass
    with mlflow.start_run(run_name="outer") as outer:
        monkeypatch.setenv("MLFLOW_RUN_ID", outer.info.run_id)
        with mlflow.start_run(nested=True, run_name="fold") as fold:
            assert fold.data.tags["mlflow.parentRunId"] == outer.info.run_id
        assert mlflow.get_run(outer.info.run_id).info.status == "RUNNING"
        in_thread: list[str] = []

        def work() -> None:
            with mlflow.start_run() as own:
                in_thread.append(own.info.run_id)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert in_thread != [outer.info.run_id]
        monkeypatch.setenv("MLFLOW_RUN_ID", before.info.run_id)
        with mlflow.start_run(nested=True):
            pass
    with mlflow.start_run() as resumed:
        assert resumed.info.run_id == before.info.run_id


def test_a_run_in_the_environment_that_is_not_there_is_named(
    mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typo does not become a new run, not at the second try either."""
    monkeypatch.setenv("MLFLOW_RUN_ID", "missing")

    for _ in range(2):
        with pytest.raises(DoesNotExist, match="MLFLOW_RUN_ID is 'missing'"):
            mlflow.start_run()


def test_a_run_in_the_environment_alone_is_not_active_before_it_starts(
    mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As MLflow: only a program that a project started has a run from the beginning."""
    with mlflow.start_run() as run:
        pass
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)

    assert mlflow.active_run() is None


def test_the_last_run_can_be_asked_for_after_it_ended(mlflow: ModuleType) -> None:
    """It comes as it is stored now."""
    assert mlflow.last_active_run() is None
    with mlflow.start_run() as run:
        assert mlflow.last_active_run() is run

    last = mlflow.last_active_run()
    assert (last.info.run_id, last.info.status) == (run.info.run_id, "FINISHED")


def test_ending_nothing_is_fine_and_a_wrong_status_is_not(mlflow: ModuleType) -> None:
    """A wrong status leaves the run active, so that it can be ended properly."""
    mlflow.end_run()
    run = mlflow.start_run()

    with pytest.raises(InvalidParameter, match="'DONE': use one of"):
        mlflow.end_run("DONE")
    assert mlflow.active_run() is run


def test_a_run_that_cannot_be_ended_is_no_longer_active(mlflow: ModuleType) -> None:
    """Someone deleted it meanwhile: the script can start the next one."""
    run = mlflow.start_run()
    mlflow.delete_run(run.info.run_id)

    with pytest.raises(RunyardException):
        mlflow.end_run()
    assert mlflow.active_run() is None


def test_each_thread_has_runs_of_its_own(mlflow: ModuleType) -> None:
    """Runs of a pool do not mix: a new thread sees no active run, and the chosen experiment."""
    seen: list[object] = []

    def work() -> None:
        seen.append((mlflow.active_run(), mlflow.last_active_run()))
        with mlflow.start_run() as run:
            seen.append((run.info.experiment_id, "mlflow.parentRunId" in run.data.tags))

    experiment = mlflow.set_experiment("threads")
    with mlflow.start_run() as outer:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert mlflow.active_run() is outer

    assert [(None, None), (experiment.experiment_id, False)] == seen


def test_the_stack_of_runs_can_be_used_as_a_list(mlflow: ModuleType) -> None:
    """Integrations reach into it."""
    with mlflow.start_run() as outer, mlflow.start_run(nested=True) as inner:
        assert [outer, inner] == list(active_run_stack)
        assert active_run_stack[-1] is inner
        assert active_run_stack.get() == [outer, inner]
        assert len(active_run_stack) == 2

    assert not active_run_stack
    active_run_stack.append(outer)
    assert mlflow.active_run() is outer
    active_run_stack.clear()


def test_a_description_is_given_once(mlflow: ModuleType) -> None:
    """Two of them contradict each other."""
    with pytest.raises(InvalidParameter, match="given twice"):
        mlflow.start_run(description="a", tags={"mlflow.note.content": "b"})


def test_functions_replaced_on_the_module_are_used(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other libraries hook in by replacing them."""
    started: list[str] = []
    original = mlflow.start_run

    def start_run(*args: object, **kwargs: object) -> object:
        started.append("here")
        return original(*args, **kwargs)

    monkeypatch.setattr(mlflow, "start_run", start_run)
    mlflow.log_param("a", 1)

    assert started == ["here"]


def test_changing_directory_does_not_move_an_open_run(
    mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The default database is in the working directory; a run stays where it began."""
    mlflow.set_tracking_uri(None)
    with mlflow.start_run() as run:
        home = mlflow.get_tracking_uri()
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
        mlflow.log_metric("m", 2.0)

    mlflow.set_tracking_uri(home)
    assert mlflow.get_run(run.info.run_id).data.metrics == {"m": 2.0}
