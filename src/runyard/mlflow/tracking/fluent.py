"""``mlflow.tracking.fluent``: the functions of `runyard`, and the state behind them that some libraries read."""

from typing import Any

import runyard
from runyard.fluent.active import ActiveRun
from runyard.fluent.active import active_run_stack as _active_run_stack
from runyard.fluent.experiments import active_experiment_id
from runyard.fluent.experiments import current_experiment_id as _get_experiment_id
from runyard.fluent.logged_models import initialize_logged_model
from runyard.fluent.stack import last_ended
from runyard.tracking.logged_models.entities import LoggedModel

__all__ = ["ActiveRun", "_active_run_stack", "_get_experiment_id", "_initialize_logged_model"]


def _initialize_logged_model(*args: Any, flavor: str | None = None, **kwargs: Any) -> LoggedModel:
    """Begin a model. The flavor goes without saying: it stands in the model's files."""
    return initialize_logged_model(*args, **kwargs)


def __getattr__(name: str) -> Any:
    if name == "_active_experiment_id":
        return active_experiment_id()
    if name == "_last_active_run_id":
        last = last_ended()
        return last.info.run_id if last is not None else None
    return getattr(runyard, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(runyard)})
