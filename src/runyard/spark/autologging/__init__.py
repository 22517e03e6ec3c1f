"""``mlflow.pyspark.ml.autolog()``: trainings of Spark ML are logged as they happen."""

from typing import Any

from runyard.autologging.integrations import configure
from runyard.autologging.patches import patch, revert
from runyard.core.libraries import required

INTEGRATION = "pyspark.ml"
OLDEST_TESTED, NEWEST_TESTED = (3, 5), (4, 2)


def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    log_post_training_metrics: bool = True,
    registered_model_name: str | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_model_allowlist: list[str] | None = None,
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Log trainings with Spark ML automatically: params, searches, the data, the model, and what evaluators say.

    A training logs to the active run, or starts one. What pipelines and searches fit inside is part of them.

    Parameters
    ----------
    log_models: Log the trained model.
    log_datasets: Note the data as inputs of the run.
    disable: Stop logging automatically.
    exclusive: Leave runs alone that the program started itself.
    disable_for_unsupported_versions: Do nothing for versions of Spark that were not tested.
    silent: Log nothing on stderr, not even failures.
    log_post_training_metrics: Log what an evaluator's ``evaluate`` says of predictions of the model.
    registered_model_name: Register each trained model under this name.
    log_input_examples: Keep a few rows of the training data with the model.
    log_model_signatures: Keep the types of the model's inputs and outputs.
    log_model_allowlist: The classes of models to log, by their full name, such as
        ``pyspark.ml.classification.LogisticRegressionModel``, or a module's with ``.*``; all when left out.
    extra_tags: Tags for the runs that are started.

    Raises
    ------
    InvalidParameter: `extra_tags` is not a dictionary.
    MissingPackage: Spark is not installed.
    """
    pyspark = required("pyspark", "pyspark.ml.autolog()")
    configure(
        INTEGRATION,
        {
            "log_models": log_models,
            "log_datasets": log_datasets,
            "disable": disable or (disable_for_unsupported_versions and not _is_tested(pyspark.__version__)),
            "exclusive": exclusive,
            "disable_for_unsupported_versions": disable_for_unsupported_versions,
            "silent": silent,
            "log_post_training_metrics": log_post_training_metrics,
            "registered_model_name": registered_model_name,
            "log_input_examples": log_input_examples,
            "log_model_signatures": log_model_signatures,
            "log_model_allowlist": log_model_allowlist,
            "extra_tags": extra_tags,
        },
    )
    revert(INTEGRATION)
    if not disable:
        _watch()


def _watch() -> None:
    from runyard.spark.autologging.evaluations import watch_evaluate, watch_transform  # noqa: PLC0415  (loads Spark)
    from runyard.spark.autologging.trainings import watch_fit  # noqa: PLC0415  (loads Spark)

    base = required("pyspark.ml.base", "pyspark.ml.autolog()")
    evaluation = required("pyspark.ml.evaluation", "pyspark.ml.autolog()")
    watched: tuple[tuple[Any, str, Any], ...] = (
        (base.Estimator, "fit", watch_fit),
        (base.Transformer, "transform", watch_transform),
        (evaluation.Evaluator, "evaluate", watch_evaluate),
    )
    for place, name, watcher in watched:
        patch(INTEGRATION, place, name, watcher)


def _is_tested(version: str) -> bool:
    """Whether this is one of the versions of Spark that this was tested with."""
    found = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    return OLDEST_TESTED <= found <= NEWEST_TESTED
