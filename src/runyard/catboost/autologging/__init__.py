"""``runyard.catboost.autolog()``: trainings of CatBoost are logged as they happen."""

from runyard.autologging.integrations import configure, is_tested
from runyard.core.libraries import required

TESTED = ((1, 2), (1, 2))
"""The oldest and the newest version of CatBoost that this was tested with."""


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

    Parameters
    ----------
    log_input_examples: Keep a few rows of the training data with the model.
    log_model_signatures: Keep the types of the model's inputs and outputs.
    log_models: Log the trained model.
    log_datasets: Note the data as inputs of the run.
    disable: Stop logging automatically.
    exclusive: Leave runs alone that the program started itself.
    disable_for_unsupported_versions: Do nothing for versions of CatBoost that were not tested.
    silent: Log nothing on stderr, not even failures.
    registered_model_name: Register each trained model under this name.
    extra_tags: Tags for the runs that are started.

    Raises
    ------
    InvalidParameter: `extra_tags` is not a dictionary.
    MissingPackage: CatBoost is not installed.
    """
    options = dict(locals())
    catboost = required("catboost", "catboost.autolog()")
    is_off = disable or (disable_for_unsupported_versions and not is_tested(catboost.__version__, *TESTED))
    configure("catboost", {**options, "disable": is_off})
    from runyard.catboost.autologging import installation  # noqa: PLC0415  (loads catboost and sklearn)

    installation.install(watched=not is_off)
