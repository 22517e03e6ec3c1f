"""``runyard.sklearn.autolog()``: trainings of scikit-learn are logged as they happen."""

from typing import Any

from runyard.autologging.integrations import configure, is_tested
from runyard.core.libraries import lazy
from runyard.exceptions import InvalidParameter, MissingPackage

sklearn = lazy("sklearn")

TESTED = ((1, 5), (1, 9))
"""The oldest and the newest version of scikit-learn that this was tested with."""


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    max_tuning_runs: int | None = 5,
    log_post_training_metrics: bool = True,
    serialization_format: str = "cloudpickle",
    registered_model_name: str | None = None,
    pos_label: Any = None,
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Log trainings with scikit-learn automatically: params, metrics, plots, the data, the model.

    A training logs to the active run, or starts one. Estimators that only prepare data are left alone.

    Parameters
    ----------
    log_input_examples: Keep a few rows of the training data with the model.
    log_model_signatures: Keep the types of the model's inputs and outputs.
    log_models: Log the trained model.
    log_datasets: Note the data as inputs of the run.
    disable: Stop logging automatically.
    exclusive: Leave runs alone that the program started itself.
    disable_for_unsupported_versions: Do nothing for versions of scikit-learn that were not tested.
    silent: Log nothing on stderr, not even failures.
    max_tuning_runs: Maximum number of candidates of a search that get a run, the best first; None is all.
    log_post_training_metrics: Log what ``score`` and the functions of `sklearn.metrics` say after a training.
    serialization_format: ``"cloudpickle"``, ``"pickle"`` or ``"skops"``.
    registered_model_name: Register each trained model under this name.
    pos_label: The class that precision, recall and F1 of two classes are about.
    extra_tags: Tags for the runs that are started.

    Raises
    ------
    InvalidParameter: `max_tuning_runs` is negative, or `extra_tags` is not a dictionary.
    MissingPackage: scikit-learn is not installed.
    """
    if max_tuning_runs is not None and max_tuning_runs < 0:
        raise InvalidParameter(
            f"Invalid value {max_tuning_runs} for 'max_tuning_runs' of sklearn.autolog: give 0, more, or None for all."
        )
    configure(
        "sklearn",
        {
            "log_input_examples": log_input_examples,
            "log_model_signatures": log_model_signatures,
            "log_models": log_models,
            "log_datasets": log_datasets,
            "disable": disable or (disable_for_unsupported_versions and not is_tested(sklearn.__version__, *TESTED)),
            "exclusive": exclusive,
            "disable_for_unsupported_versions": disable_for_unsupported_versions,
            "silent": silent,
            "max_tuning_runs": max_tuning_runs,
            "log_post_training_metrics": log_post_training_metrics,
            "serialization_format": serialization_format,
            "registered_model_name": registered_model_name,
            "pos_label": pos_label,
            "extra_tags": extra_tags,
        },
    )
    _change_sklearn(watched=not disable)


def _change_sklearn(*, watched: bool) -> None:
    try:
        from runyard.sklearn.autologging import installation  # noqa: PLC0415  (loads the whole of sklearn)
    except ModuleNotFoundError as problem:
        raise MissingPackage(str(problem.name), "ml", "sklearn.autolog()") from None
    installation.uninstall()
    if watched:
        installation.install()
