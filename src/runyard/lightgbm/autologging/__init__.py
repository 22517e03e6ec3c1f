"""``runyard.lightgbm.autolog()``: trainings of LightGBM are logged as they happen."""

from runyard.autologging.functions import autologging


@autologging("lightgbm", (4, 0), (4, 7))
def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Log trainings with LightGBM automatically: params, metrics of each iteration, importances, the data, the model.

    What is watched: `lightgbm.train`, and ``fit`` of the estimators with scikit-learn's interface, with what is
    measured of their predictions afterwards. A training logs to the active run, or starts one.
    """
