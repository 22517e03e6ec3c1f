"""Runs for tests of parts."""

from uuid import uuid4

from runyard.tracking.runs.entities import Run, RunData, RunInfo


def a_named_run(name: str) -> Run:
    """A run of this name, and nothing else."""
    run_id = uuid4().hex
    info = RunInfo(
        run_id=run_id, experiment_id="1", user_id="", status="FINISHED", start_time=0, end_time=1,
        lifecycle_stage="active", run_name=name,
    )  # fmt: skip
    return Run(info, RunData())
