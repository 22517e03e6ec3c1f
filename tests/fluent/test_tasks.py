"""Each asyncio task has active runs of its own; threads keep theirs."""

import asyncio
from collections.abc import AsyncIterator
from types import ModuleType

from runyard.entities import Run


def stored(mlflow: ModuleType) -> dict[str, Run]:
    """The runs of the default experiment, by name."""
    return {run.info.run_name: run for run in mlflow.search_runs(["0"], output_format="list")}


async def job(mlflow: ModuleType, number: int, together: asyncio.Barrier) -> None:
    """Log to a run of its own while the others do."""
    with mlflow.start_run(run_name=f"job{number}", nested=True):
        await together.wait()
        mlflow.log_metric("mine", number)
        mlflow.log_param("number", number)
        await together.wait()
    assert mlflow.last_active_run().info.run_name in (f"job{number}", "parent")


def test_gathered_jobs_log_to_their_own_runs(mlflow: ModuleType) -> None:
    """They are children of the run that was active where they were made."""

    async def main() -> None:
        together = asyncio.Barrier(3)
        with mlflow.start_run(run_name="parent") as parent:
            await asyncio.gather(*(job(mlflow, number, together) for number in range(3)))
            assert mlflow.active_run() is parent
            mlflow.log_metric("after", 1)
        assert mlflow.active_run() is None

    asyncio.run(main())

    runs = stored(mlflow)
    parent = runs.pop("parent")
    assert {"after": 1.0} == parent.data.metrics
    assert {f"job{n}": {"mine": float(n)} for n in range(3)} == {name: run.data.metrics for name, run in runs.items()}
    assert {"FINISHED"} == {run.info.status for run in (parent, *runs.values())}
    assert {parent.info.run_id} == {run.data.tags["mlflow.parentRunId"] for run in runs.values()}


def test_jobs_without_a_run_around_them_are_not_children(mlflow: ModuleType) -> None:
    """Each starts a run as if it were alone."""

    async def main() -> None:
        together = asyncio.Barrier(2)

        async def alone(number: int) -> None:
            with mlflow.start_run(run_name=f"job{number}"):
                await together.wait()
                mlflow.log_metric("mine", number)

        await asyncio.gather(alone(0), alone(1))
        assert mlflow.active_run() is None

    asyncio.run(main())

    runs = stored(mlflow)
    assert {"job0": {"mine": 0.0}, "job1": {"mine": 1.0}} == {name: run.data.metrics for name, run in runs.items()}
    assert not [run for run in runs.values() if "mlflow.parentRunId" in run.data.tags]


def test_a_task_sees_the_run_of_the_code_that_made_it(mlflow: ModuleType) -> None:
    """Also when that code is not in a task, and until the run ends."""

    async def main() -> None:
        assert mlflow.active_run() is outer
        mlflow.log_param("from", "task")
        mlflow.end_run()
        assert mlflow.active_run() is None

    outer = mlflow.start_run()
    asyncio.run(main())

    assert mlflow.active_run() is None
    assert {"from": "task"} == mlflow.get_run(outer.info.run_id).data.params


def test_a_run_that_a_task_leaves_open_does_not_become_its_siblings(mlflow: ModuleType) -> None:
    """It ends with the block that made the task."""

    async def forgetful() -> str:
        return str(mlflow.start_run(nested=True).info.run_id)

    async def main() -> list[str]:
        with mlflow.start_run() as parent:
            left = [await asyncio.create_task(forgetful()), await asyncio.create_task(forgetful())]
            assert mlflow.active_run() is parent
            assert mlflow.get_run(left[0]).info.status == "RUNNING"
        return [*left, parent.info.run_id]

    first, second, parent = asyncio.run(main())

    assert {"FINISHED"} == {mlflow.get_run(run).info.status for run in (first, second, parent)}
    assert mlflow.get_run(second).data.tags["mlflow.parentRunId"] == parent


def test_a_run_left_open_by_the_whole_loop_is_the_threads(mlflow: ModuleType) -> None:
    """``asyncio.run`` is called like a function, and a function may start a run."""

    async def main() -> str:
        return str(mlflow.start_run().info.run_id)

    run_id = asyncio.run(main())

    assert mlflow.active_run().info.run_id == run_id
    mlflow.end_run()
    assert mlflow.last_active_run().info.status == "FINISHED"


def test_a_thread_made_by_a_task_has_runs_of_its_own(mlflow: ModuleType) -> None:
    """Threads begin without an active run, as ever."""

    def work() -> tuple[object, bool]:
        seen = mlflow.active_run()
        with mlflow.start_run() as run:
            return seen, "mlflow.parentRunId" in run.data.tags

    async def main() -> tuple[object, bool]:
        with mlflow.start_run():
            return await asyncio.to_thread(work)

    assert (None, False) == asyncio.run(main())


def test_callbacks_log_to_the_run_of_the_task_that_asked_for_them(mlflow: ModuleType) -> None:
    """What is done when a task ends or later belongs to the run that was active then, and starts no other."""

    async def main() -> None:
        called = asyncio.Event()

        def nested() -> None:
            with mlflow.start_run(run_name="inner", nested=True):
                mlflow.log_metric("inside", 1)
            called.set()

        with mlflow.start_run(run_name="outer"):
            inner = asyncio.create_task(asyncio.sleep(0))
            inner.add_done_callback(lambda _: mlflow.log_metric("done", 1))
            asyncio.get_running_loop().call_soon(nested)
            await inner
            await called.wait()

    asyncio.run(main())

    runs = stored(mlflow)
    assert {"outer": {"done": 1.0}, "inner": {"inside": 1.0}} == {name: run.data.metrics for name, run in runs.items()}
    assert {"FINISHED"} == {run.info.status for run in runs.values()}
    assert mlflow.active_run() is None


def test_a_block_in_a_generator_that_another_task_closes_ends_its_run(mlflow: ModuleType) -> None:
    """Leaving `async for` early is usual, and the event loop closes the rest of the generator in a task of its own."""

    async def numbers() -> AsyncIterator[int]:
        with mlflow.start_run(run_name="inner", nested=True):
            try:
                for number in range(3):
                    yield number
            finally:
                closed.set()

    async def main() -> None:
        with mlflow.start_run(run_name="outer"):
            async for _ in numbers():
                break
            await closed.wait()
            await asyncio.sleep(0)
            mlflow.log_metric("after", 1)

    closed = asyncio.Event()
    asyncio.run(main())

    runs = stored(mlflow)
    assert {"outer": {"after": 1.0}, "inner": {}} == {name: run.data.metrics for name, run in runs.items()}
    assert "RUNNING" not in {run.info.status for run in runs.values()}
