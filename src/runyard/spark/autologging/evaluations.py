"""Watches what is measured after a training: ``transform`` of a model and ``evaluate`` of an evaluator."""

from typing import Any

from runyard.autologging.callers import of_the_program
from runyard.autologging.datasets import note_dataset
from runyard.autologging.integrations import get_autologging_config
from runyard.autologging.measured import log_measured
from runyard.autologging.names import name_of
from runyard.autologging.trained import Prediction, Training, predictions, trainings
from runyard.autologging.watchers import Call, Watch
from runyard.data.spark_dataset import from_spark
from runyard.spark.autologging.estimators import params_of
from runyard.spark.autologging.trainings import INTEGRATION, PLUMBING


def _watch_transform(call: Call) -> Watch:
    """Remember which training a table of predictions comes from, and note the data it is made for."""
    training = _training_of(call.owner)
    if training is None:
        return
    rows = call.arguments()["dataset"]
    dataset_name = training.notes.dataset_name(rows, name_of(rows))
    predicted = yield
    predictions.set(predicted, Prediction(training, dataset_name))
    if get_autologging_config(INTEGRATION, "log_datasets"):
        note_dataset(training.client, training.run_id, from_spark(predicted), "eval")


def _watch_evaluate(call: Call) -> Watch:
    """Log what an evaluator says of predictions, to the run of the training that they come from."""
    prediction = predictions.get(call.arguments()["dataset"]) if _wanted() else None
    if prediction is None:
        return
    evaluator, kind = call.owner, type(call.owner)
    measured = yield
    metric = evaluator.getMetricName() if hasattr(evaluator, "getMetricName") else kind.__name__
    described: dict[str, Any] = {
        "evaluator_class": f"{kind.__module__}.{kind.__name__}",
        "params": params_of(evaluator),
    }
    log_measured(INTEGRATION, prediction.training, metric, prediction.dataset_name, described, measured)


watch_transform = of_the_program(_watch_transform, INTEGRATION, PLUMBING)
watch_evaluate = of_the_program(_watch_evaluate, INTEGRATION, PLUMBING)


def _training_of(model: Any) -> Training | None:
    return trainings.get(model) if _wanted() else None


def _wanted() -> bool:
    return bool(get_autologging_config(INTEGRATION, "log_post_training_metrics"))
