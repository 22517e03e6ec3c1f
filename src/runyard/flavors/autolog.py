"""``runyard.autolog()``: automatic logging for every library that is or will be imported."""

import functools
import importlib
import inspect
from collections.abc import Collection
from typing import Any

from runyard.autologging.imports import on_import
from runyard.autologging.integrations import AUTOLOGGING_INTEGRATIONS, EVERYWHERE, GLOBALLY_CONFIGURED
from runyard.autologging.uncovered import UNCOVERED
from runyard.core.listed import listed

LIBRARIES = {
    "catboost": "runyard.catboost",
    "keras": "runyard.keras",
    "lightgbm": "runyard.lightgbm",
    "lightning.pytorch": "runyard.pytorch",
    "pytorch_lightning": "runyard.pytorch",
    "pyspark.ml": "runyard.spark.autologging",
    "sklearn": "runyard.sklearn",
    "tensorflow": "runyard.tensorflow",
    "statsmodels": "runyard.statsmodels",
    "transformers": "runyard.transformers",
    "xgboost": "runyard.xgboost",
}
"""A library's module → ours that has its `autolog`."""


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    log_traces: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: dict[str, str] | None = None,
    exclude_flavors: list[str] | None = None,
) -> None:
    """Log trainings automatically, for all libraries known: those imported already, and others when they are.

    A library whose own `autolog` was called keeps the options given there. Libraries that MLflow watches and Runyard
    does not cause one warning each, if the program imports them.

    Parameters
    ----------
    log_input_examples: Keep a few rows of the training data with the model.
    log_model_signatures: Keep the types of the model's inputs and outputs.
    log_models: Log the trained model.
    log_datasets: Note the data as inputs of the run.
    log_traces: Taken for compatibility; there are no traces.
    disable: Stop logging automatically.
    exclusive: Leave runs alone that the program started itself.
    disable_for_unsupported_versions: Do nothing for versions of a library that were not tested.
    silent: Log nothing on stderr, not even failures.
    extra_tags: Tags for the runs that are started.
    exclude_flavors: Libraries to leave out, such as ``["sklearn"]``.

    Raises
    ------
    InvalidParameter: `extra_tags` is not a dictionary.
    """
    options = {
        "log_input_examples": log_input_examples,
        "log_model_signatures": log_model_signatures,
        "log_models": log_models,
        "log_datasets": log_datasets,
        "disable": disable,
        "exclusive": exclusive,
        "disable_for_unsupported_versions": disable_for_unsupported_versions,
        "silent": silent,
        "extra_tags": extra_tags,
    }
    for library, ours in LIBRARIES.items():
        if {library, _name(ours)} & set(listed(exclude_flavors)):
            continue
        on_import.now_or_then(library, functools.partial(_enable, ours, options))
    AUTOLOGGING_INTEGRATIONS[EVERYWHERE] = {**options, "log_traces": log_traces, "exclude_flavors": exclude_flavors}
    _warn_of_uncovered(enabled=not (disable or silent), left_out=listed(exclude_flavors))


def _name(ours: str) -> str:
    """What a library's part is called."""
    return ours.removeprefix("runyard.")


def _enable(ours: str, options: dict[str, Any]) -> None:
    own = AUTOLOGGING_INTEGRATIONS.get(_name(ours))
    if own is not None and not own.get(GLOBALLY_CONFIGURED):
        return
    enable = importlib.import_module(ours).autolog
    known = inspect.signature(enable).parameters
    enable(**{name: value for name, value in options.items() if name in known})
    AUTOLOGGING_INTEGRATIONS[_name(ours)][GLOBALLY_CONFIGURED] = True


def _warn_of_uncovered(*, enabled: bool, left_out: Collection[str]) -> None:
    for library, uncovered in UNCOVERED.items():
        if not enabled or {library, uncovered.flavor} & set(left_out):
            on_import.forget(library)
        else:
            on_import.now_or_then(library, uncovered.warn)
