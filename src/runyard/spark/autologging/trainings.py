"""Watches ``fit`` of Spark ML's estimators."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from pyspark.ml.linalg import VectorUDT

from runyard.autologging.callers import of_the_program
from runyard.autologging.samples import SAMPLED_ROWS
from runyard.autologging.searches import log_candidate
from runyard.autologging.trained import Training, trainings
from runyard.autologging.training import TrainingRun, training_run
from runyard.autologging.watchers import Call, Watch
from runyard.data.spark_dataset import from_spark
from runyard.spark.autologging.estimators import (
    full_name,
    has_parts,
    is_search,
    named_parts,
    params_of,
    tags_of,
    tree_of,
)
from runyard.spark.flavor import log_model
from runyard.spark.pyfunc import SparkModel

INTEGRATION = "pyspark.ml"
PLUMBING = ("pyspark.ml.base",)
"""Where Spark hands a program's calls on."""


def _watch_fit(call: Call) -> Watch:
    """Log one training. Several at once, by a list of settings, are left alone."""
    given = call.arguments()
    estimator, rows, settings = call.owner, given["dataset"], given.get("params")
    if isinstance(settings, list | tuple):
        return
    if settings:
        estimator = estimator.copy(settings)
    with training_run(INTEGRATION, tags_of(estimator)) as training:
        if training is None:
            return
        with training.attempt("the parameters"):
            training.log_params(params_of(estimator))
        _log_data(training, rows, "train")
        with training.attempt("estimator_info.json"):
            if has_parts(estimator):
                training.client.log_dict(training.run_id, {"hierarchy": tree_of(estimator)}, "estimator_info.json")
        model = yield
        if is_search(estimator):
            _log_search(training, estimator, model)
        model_id = _log_model(training, model, rows)
        trainings.set(model, Training(training.client, training.run_id, model_id))


watch_fit = of_the_program(_watch_fit, INTEGRATION, PLUMBING)


def _log_data(training: TrainingRun, rows: Any, context: str) -> None:
    with training.attempt("the data"):
        training.log_dataset(from_spark(rows), context=context)


def _log_model(training: TrainingRun, model: Any, rows: Any) -> str | None:
    if not training.option("log_models") or not _is_allowed(training, model):
        return None
    sample = training.sample(lambda: _sample(model, rows))
    predict = SparkModel(rows.sparkSession, model).predict
    return training.log_model(log_model, model, sample, predict)


def _sample(model: Any, rows: Any) -> pd.DataFrame | None:
    """The first rows, of the columns that the model takes; None where these are vectors, which pandas does not have."""
    made = {stage.getOrDefault(name) for stage in _stages(model) for name in _outputs(stage)}
    labels = {stage.getOrDefault("labelCol") for stage in _stages(model) if stage.hasParam("labelCol")}
    kept = [field for field in rows.schema.fields if field.name not in made | labels]
    if not kept or any(isinstance(field.dataType, VectorUDT) for field in kept):
        return None
    table: pd.DataFrame = rows.select(*(f"`{field.name}`" for field in kept)).limit(SAMPLED_ROWS).toPandas()
    return table


def _stages(model: Any) -> list[Any]:
    return list(getattr(model, "stages", ())) or [model]


def _outputs(stage: Any) -> list[str]:
    return [
        name for name in ("outputCol", "predictionCol", "rawPredictionCol", "probabilityCol") if stage.hasParam(name)
    ]


def _is_allowed(training: TrainingRun, model: Any) -> bool:
    allowed = training.option("log_model_allowlist")
    name = f"{type(model).__module__}.{type(model).__name__}"
    return allowed is None or any(fnmatchcase(name, pattern) for pattern in allowed)


def _log_search(training: TrainingRun, search: Any, model: Any) -> None:
    names = named_parts(search)
    grid = search.getEstimatorParamMaps()
    candidates = [{full_name(param, names, search): value for param, value in settings.items()} for settings in grid]
    measured = _measured(search, model)
    best_first = search.getEvaluator().isLargerBetter()
    scores = next(iter(measured.values()))
    best = candidates[max(range(len(scores)), key=scores.__getitem__) if best_first else scores.index(min(scores))]
    training.log_params({f"best_{key}": value for key, value in best.items()})
    with training.attempt("the files"), TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "best_parameters.json").write_text(json.dumps(best, default=str), encoding="utf-8")
        pd.DataFrame({**_columns(candidates), **measured}).to_csv(folder / "search_results.csv", index=False)
        training.client.log_artifacts(training.run_id, folder)
    with training.attempt("the candidates"):
        tuned = search.getEstimator()
        for number, settings in enumerate(grid):
            candidate = tuned.copy(settings)
            log_candidate(
                training,
                tags_of(candidate),
                params_of(candidate),
                {key: values[number] for key, values in measured.items()},
            )


def _measured(search: Any, model: Any) -> dict[str, list[float]]:
    metric = search.getEvaluator().getMetricName()
    if not hasattr(model, "avgMetrics"):
        return {metric: list(model.validationMetrics)}
    found = {f"avg_{metric}": list(model.avgMetrics)}
    return {**found, f"std_{metric}": list(model.stdMetrics)} if model.stdMetrics else found


def _columns(candidates: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = list(dict.fromkeys(name for candidate in candidates for name in candidate))
    return {name: [candidate.get(name) for candidate in candidates] for name in names}
