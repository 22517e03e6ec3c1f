"""``runyard.catboost.autolog()``: trainings of CatBoost are logged as they happen."""

from runyard.autologging.functions import autologging


@autologging("catboost", (1, 2), (1, 2))
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
    """Log trainings with CatBoost automatically: params, metrics of each iteration, importances, the data, the model.

    What is watched: `catboost.train`, and ``fit`` of its models, with what is measured of their predictions afterwards.
    A training logs to the active run, or starts one. MLflow has no automatic logging of CatBoost: the names are those
    of XGBoost's and LightGBM's.
    """
