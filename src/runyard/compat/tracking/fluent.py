"""``mlflow.tracking.fluent``: the functions of `runyard`, and the state behind them that some libraries read."""

from typing import Any

import runyard
from runyard.fluent.active import ActiveRun
from runyard.fluent.active import active_run_stack as _active_run_stack
from runyard.fluent.experiments import active_experiment_id
from runyard.fluent.experiments import current_experiment_id as _get_experiment_id
from runyard.fluent.stack import thread_state

__all__ = ["ActiveRun", "_active_run_stack", "_get_experiment_id"]


def __getattr__(name: str) -> Any:
    if name == "_active_experiment_id":
        return active_experiment_id()
    if name == "_last_active_run_id":
        return thread_state.last_run_id
    return getattr(runyard, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(runyard)})
