"""``runyard.sklearn.autolog()``: trainings of scikit-learn are logged as they happen."""

from typing import Any

from runyard.autologging.functions import autologging
from runyard.exceptions import InvalidParameter


@autologging("sklearn", (1, 5), (1, 9))
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
    max_tuning_runs: Maximum number of candidates of a search that get a run, the best first; None is all.
    log_post_training_metrics: Log what ``score`` and the functions of `sklearn.metrics` say after a training.
    serialization_format: ``"cloudpickle"``, ``"pickle"`` or ``"skops"``.
    pos_label: The class that precision, recall and F1 of two classes are about.

    Raises
    ------
    InvalidParameter: `max_tuning_runs` is negative.
    """
    if max_tuning_runs is not None and max_tuning_runs < 0:
        raise InvalidParameter(
            f"Invalid value {max_tuning_runs} for 'max_tuning_runs' of sklearn.autolog: give 0, more, or None for all."
        )
