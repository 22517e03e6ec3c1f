"""``runyard.xgboost.autolog()``: trainings of XGBoost are logged as they happen."""

from collections.abc import Sequence

from runyard.autologging.integrations import configure, is_tested
from runyard.core.libraries import required

TESTED = ((2, 0), (3, 2))
"""The oldest and the newest version of XGBoost that this was tested with."""


def autolog(
    importance_types: Sequence[str] | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    model_format: str = "ubj",
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Log trainings with XGBoost automatically: params, metrics of each iteration, importances, the data, the model.

    What is watched: `xgboost.train`, and ``fit`` of the estimators with scikit-learn's interface, with what is measured
    of their predictions afterwards. A training logs to the active run, or starts one.

    Parameters
    ----------
    importance_types: Kinds of the features' importances to log, such as ``["weight", "gain"]``; ``weight`` when left
        out, none when empty.
    log_input_examples: Keep a few rows of the training data with the model.
    log_model_signatures: Keep the types of the model's inputs and outputs.
    log_models: Log the trained model.
    log_datasets: Note the data as inputs of the run.
    disable: Stop logging automatically.
    exclusive: Leave runs alone that the program started itself.
    disable_for_unsupported_versions: Do nothing for versions of XGBoost that were not tested.
    silent: Log nothing on stderr, not even failures.
    registered_model_name: Register each trained model under this name.
    model_format: The format of the model's file: ``ubj`` or ``json``.
    extra_tags: Tags for the runs that are started.

    Raises
    ------
    InvalidParameter: `extra_tags` is not a dictionary.
    MissingPackage: XGBoost is not installed.
    """
    options = dict(locals())
    xgboost = required("xgboost", "xgboost.autolog()")
    is_off = disable or (disable_for_unsupported_versions and not is_tested(xgboost.__version__, *TESTED))
    configure("xgboost", {**options, "disable": is_off})
    from runyard.xgboost.autologging import installation  # noqa: PLC0415  (loads xgboost and sklearn)

    installation.install(watched=not is_off)
