"""Watches what is measured after a training: ``predict``, ``score`` and the functions of `sklearn.metrics`."""

import inspect
import itertools
from typing import Any

from runyard.autologging.datasets import dataset_of, note_dataset
from runyard.autologging.integrations import autologging_is_disabled, get_autologging_config
from runyard.autologging.measured import log_measured
from runyard.autologging.names import as_written, name_of
from runyard.autologging.trained import Prediction, Training, predictions, trainings
from runyard.autologging.watchers import Call, Watch
from runyard.sklearn.autologging.arguments import arguments_of, features_of


def watch_predict(call: Call) -> Watch:
    """Remember which training a prediction comes from, and note the data it is made for."""
    training = _training_of(call.owner)
    if training is None:
        return
    features = features_of(arguments_of(call))
    dataset_name = training.notes.dataset_name(features, name_of(features))
    result = yield
    predictions.set(result, Prediction(training, dataset_name))
    if get_autologging_config(training.integration, "log_datasets"):
        dataset = dataset_of(features)
        if dataset is not None:
            note_dataset(training.client, training.run_id, dataset, "eval")


def watch_score(call: Call) -> Watch:
    """Log what an estimator's ``score`` says, to the run of its training."""
    training = _training_of(call.owner)
    if training is None:
        return
    given = arguments_of(call)
    features = features_of(given)
    dataset_name = training.notes.dataset_name(features, name_of(features))
    kind = type(call.owner).__name__
    text = f"{kind}.score({_as_written(given)})"
    result = yield
    log_measured(training.integration, training, f"{kind}_score", dataset_name, text, result)


def watch_metric(call: Call) -> Watch:
    """Log what a function of `sklearn.metrics` says about a prediction, to the run of the training it comes from."""
    candidates = (predictions.get(value) for value in itertools.chain(call.args, call.kwargs.values()))
    prediction = next((found for found in candidates if found is not None), None)
    if prediction is None or not _wanted(prediction.training):
        return
    training = prediction.training
    name = call.function.__name__
    given = inspect.signature(call.function).bind(*call.args, **call.kwargs).arguments
    text = f"{name}({_as_written(given)})"
    result = yield
    log_measured(training.integration, training, name, prediction.dataset_name, text, result)


def _training_of(estimator: Any) -> Training | None:
    training = trainings.get(estimator)
    return training if training is not None and _wanted(training) else None


def _wanted(training: Training) -> bool:
    """Only scikit-learn's part can leave these metrics out."""
    name = training.integration
    return not autologging_is_disabled(name) and bool(get_autologging_config(name, "log_post_training_metrics", True))


def _as_written(given: dict[str, Any]) -> str:
    return ", ".join(f"{name}={as_written(value)}" for name, value in given.items())
