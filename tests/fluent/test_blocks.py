"""Leaving a `with` block ends its own run and everything opened inside of it."""

import threading
from collections.abc import Iterator
from types import ModuleType

import pytest

from runyard.exceptions import RunyardException


def status(mlflow: ModuleType, run: object) -> str:
    """The status of a run as it is stored."""
    return str(mlflow.get_run(run.info.run_id).info.status)  # type: ignore[attr-defined]


def test_runs_left_open_inside_end_with_the_block(mlflow: ModuleType) -> None:
    """Callbacks of libraries start runs and leave them open; what is logged after the block is meant for the outer."""
    folds, left = [], []
    with mlflow.start_run() as outer:
        for number in range(2):
            with mlflow.start_run(nested=True) as fold:
                left.append(mlflow.start_run(nested=True))
                left.append(mlflow.start_run(nested=True))
            folds.append(fold)
            assert mlflow.active_run() is outer
            mlflow.log_metric(f"after{number}", 1)

    assert mlflow.active_run() is None
    assert {"FINISHED"} == {status(mlflow, run) for run in (outer, *folds, *left)}
    assert {"after0": 1.0, "after1": 1.0} == mlflow.get_run(outer.info.run_id).data.metrics
    assert {outer.info.run_id} == {fold.data.tags["mlflow.parentRunId"] for fold in folds}


def test_an_exception_fails_all_that_was_open_inside(mlflow: ModuleType) -> None:
    """The runs outside of the block go on."""
    with mlflow.start_run() as outer:
        block = mlflow.start_run(nested=True).__enter__()
        left = mlflow.start_run(nested=True)
        block.__exit__(ValueError, ValueError("x"), None)
        assert ["RUNNING", "FAILED", "FAILED"] == [status(mlflow, run) for run in (outer, block, left)]
        assert mlflow.active_run() is outer


def test_a_run_ended_and_resumed_inside_of_its_block_ends_with_it(mlflow: ModuleType) -> None:
    """It is the same run, though another object."""
    with mlflow.start_run() as run:
        mlflow.end_run("FAILED")
        mlflow.start_run(run_id=run.info.run_id)

    assert mlflow.active_run() is None
    assert "FINISHED" == status(mlflow, run)


def test_another_run_started_in_the_place_of_the_blocks_ends_with_it(mlflow: ModuleType) -> None:
    """It was opened inside."""
    with mlflow.start_run():
        mlflow.end_run()
        other = mlflow.start_run()

    assert mlflow.active_run() is None
    assert "FINISHED" == status(mlflow, other)


def test_a_run_resumed_inside_of_itself_goes_on(mlflow: ModuleType) -> None:
    """The outer block is still logging to it."""
    with mlflow.start_run() as outer:
        with mlflow.start_run(run_id=outer.info.run_id, nested=True):
            pass
        assert "RUNNING" == status(mlflow, outer)

    assert "FINISHED" == status(mlflow, outer)


def test_a_run_that_cannot_be_ended_keeps_no_other_open(mlflow: ModuleType) -> None:
    """Somebody deleted the inner one meanwhile."""
    outer = mlflow.start_run().__enter__()
    inner = mlflow.start_run(nested=True)
    mlflow.delete_run(inner.info.run_id)

    with pytest.raises(RunyardException):
        outer.__exit__(None, None, None)
    assert mlflow.active_run() is None
    assert "FINISHED" == status(mlflow, outer)


def test_a_block_left_in_another_thread_ends_its_run_only(mlflow: ModuleType) -> None:
    """Web frameworks enter and leave a block in different threads of a pool."""
    run = mlflow.start_run()
    seen: list[object] = []

    def leave() -> None:
        with mlflow.start_run() as own:
            run.__exit__(None, None, None)
            seen.append(mlflow.active_run() is own)

    run.__enter__()
    thread = threading.Thread(target=leave)
    thread.start()
    thread.join()

    assert [True] == seen
    assert mlflow.active_run() is None
    assert "FINISHED" == status(mlflow, run)


def test_a_block_that_is_left_after_those_around_it_ends_nothing_else(mlflow: ModuleType) -> None:
    """A generator that was not read to its end is closed late; runs that began meanwhile are not its own."""

    def numbers() -> Iterator[int]:
        with mlflow.start_run(run_name="inner", nested=True):
            yield from range(3)

    with mlflow.start_run():
        generator = numbers()
        next(generator)
    with mlflow.start_run() as later:
        del generator
        assert mlflow.active_run() is later
    assert mlflow.get_run(later.info.run_id).info.status == "FINISHED"
