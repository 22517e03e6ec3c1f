"""``mlflow.pyspark.ml.autolog()``: trainings of Spark ML are logged as they happen."""

from runyard.autologging.functions import autologging


@autologging("pyspark.ml", (3, 5), (4, 2))
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
    log_post_training_metrics: Log what an evaluator's ``evaluate`` says of predictions of the model.
    log_model_allowlist: The classes of models to log, by their full name, such as
        ``pyspark.ml.classification.LogisticRegressionModel``, or a module's with ``.*``; all when left out.
    """
