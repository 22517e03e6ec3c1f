"""``runyard.xgboost.autolog()``: trainings of XGBoost are logged as they happen."""

from collections.abc import Sequence

from runyard.autologging.functions import autologging


@autologging("xgboost", (2, 0), (3, 2))
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
    model_format: The format of the model's file: ``ubj`` or ``json``.
    """
