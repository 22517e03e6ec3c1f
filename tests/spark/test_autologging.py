"""Trainings of Spark ML under automatic logging."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
from pyspark.ml import Pipeline
from pyspark.ml.evaluation import RegressionEvaluator
from pyspark.ml.regression import LinearRegression
from pyspark.ml.tuning import CrossValidator, ParamGridBuilder, TrainValidationSplit

from runyard.spark.autologging import autolog
from tests.spark.examples import ROWS, TARGETS, assembler

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:.*copy keyword is deprecated"),  # Spark's own use of pandas
    pytest.mark.filterwarnings("ignore:.*Pool.__del__"),  # Spark's searches leave their threads to the collector
]


@pytest.fixture
def table(spark: Any) -> Any:
    """Rows with their targets."""
    return spark.createDataFrame(TARGETS)


def _line(**settings: Any) -> Any:
    return LinearRegression(labelCol="y", maxIter=2, **settings)


def _only_run(mlflow: ModuleType) -> Any:
    (run,) = (run for run in mlflow.search_runs(output_format="list") if "mlflow.parentRunId" not in run.data.tags)
    return run


def _file(mlflow: ModuleType, run: Any, name: str) -> str:
    return Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=name)).read_text("utf-8")


def test_a_pipeline_is_one_training(mlflow: ModuleType, table: Any) -> None:
    """Its stages' settings carry their names, its parts are a tree, and its model takes the columns it was given."""
    autolog()
    Pipeline(stages=[assembler(), _line()]).fit(table)

    run = _only_run(mlflow)
    assert run.info.status == "FINISHED"
    assert run.data.params["stages"] == "['VectorAssembler', 'LinearRegression']"
    assert run.data.params["LinearRegression.labelCol"] == "y"
    assert run.data.params["VectorAssembler.inputCols"] == "['a', 'b']"
    assert run.data.tags["estimator_class"] == "pyspark.ml.pipeline.Pipeline"
    assert run.data.tags["mlflow.autologging"] == "pyspark.ml"
    tree = json.loads(_file(mlflow, run, "estimator_info.json"))["hierarchy"]
    assert [stage["name"] for stage in tree["stages"]] == ["VectorAssembler", "LinearRegression"]
    (used,) = run.inputs.dataset_inputs
    assert "sparkml" not in used.dataset.schema
    assert used.dataset.source_type == "code"
    (model,) = run.outputs.model_outputs
    loaded = mlflow.pyfunc.load_model(f"models:/{model.model_id}")
    assert [column.name for column in loaded.metadata.signature.inputs.inputs][:2] == ["a", "b"]


def test_a_search_has_its_candidates_below(mlflow: ModuleType, table: Any) -> None:
    """Each with its settings and its scores; what the search fits inside is part of it."""
    autolog(log_models=False)
    line = _line()
    grid = ParamGridBuilder().addGrid(line.regParam, [0.0, 1.0]).build()
    pipeline = Pipeline(stages=[assembler(), line])
    CrossValidator(
        estimator=pipeline,
        estimatorParamMaps=grid,
        evaluator=RegressionEvaluator(labelCol="y"),
        numFolds=2,
        seed=1,
        parallelism=2,
    ).fit(table)

    run = _only_run(mlflow)
    assert run.data.params["best_LinearRegression.regParam"] == "0.0"
    assert run.data.params["RegressionEvaluator.metricName"] == "rmse"
    assert run.data.params["numFolds"] == "2"
    children = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{run.info.run_id}'",
        output_format="list",
        order_by=["metrics.avg_rmse"],
    )
    assert [child.data.params["LinearRegression.regParam"] for child in children] == ["0.0", "1.0"]
    assert all({"avg_rmse", "std_rmse"} == set(child.data.metrics) for child in children)
    assert json.loads(_file(mlflow, run, "best_parameters.json")) == {"LinearRegression.regParam": 0.0}
    assert len(_file(mlflow, run, "search_results.csv").splitlines()) == 3


def test_a_split_is_a_search_too(mlflow: ModuleType, table: Any) -> None:
    """It measures each candidate once."""
    autolog(log_models=False)
    line = _line()
    vectors = assembler().transform(table)
    grid = ParamGridBuilder().addGrid(line.regParam, [0.0, 1.0]).build()
    TrainValidationSplit(
        estimator=line, estimatorParamMaps=grid, evaluator=RegressionEvaluator(labelCol="y"), seed=1
    ).fit(vectors)

    run = _only_run(mlflow)
    children = mlflow.search_runs(filter_string=f"tags.mlflow.parentRunId = '{run.info.run_id}'", output_format="list")
    assert sorted(child.data.params["regParam"] for child in children) == ["0.0", "1.0"]
    assert all("rmse" in child.data.metrics for child in children)


def test_what_evaluators_say_is_logged_to_the_training(mlflow: ModuleType, table: Any) -> None:
    """Under the name of the data, with the evaluator's settings; the data is noted for evaluation."""
    autolog(log_models=False)
    model = Pipeline(stages=[assembler(), _line()]).fit(table)
    predicted = model.transform(table)
    measured = RegressionEvaluator(labelCol="y").evaluate(predicted)

    run = _only_run(mlflow)
    ((key, value),) = run.data.metrics.items()
    assert key.startswith("rmse_")
    assert value == pytest.approx(measured)
    described = json.loads(_file(mlflow, run, "metric_info.json"))[key]
    assert described["evaluator_class"] == "pyspark.ml.evaluation.RegressionEvaluator"
    assert described["params"]["labelCol"] == "y"
    assert {"train", "eval"} == {use.tags[0].value for use in run.inputs.dataset_inputs}


def test_a_failing_training_fails_its_run(mlflow: ModuleType, table: Any) -> None:
    """And the program gets Spark's own error."""
    autolog()
    with pytest.raises(Exception, match="features"):
        _line().fit(table)

    assert _only_run(mlflow).info.status == "FAILED"


def test_settings_given_to_fit_count(mlflow: ModuleType, table: Any) -> None:
    """Of a single training; several at once log nothing."""
    autolog(log_models=False)
    line, vectors = _line(), assembler().transform(table)
    line.fit(vectors, {line.regParam: 0.5})
    line.fit(vectors, [{line.regParam: 0.1}, {line.regParam: 0.2}])

    assert _only_run(mlflow).data.params["regParam"] == "0.5"


def test_it_can_be_limited_and_switched_off(mlflow: ModuleType, table: Any) -> None:
    """Models by their class; all of it by `disable`, and for runs of the program by `exclusive`."""
    vectors = assembler().transform(table)
    autolog(log_model_allowlist=["pyspark.ml.clustering.*"], log_datasets=False, extra_tags={"team": "red"})
    _line().fit(vectors)
    run = _only_run(mlflow)
    assert run.data.tags["team"] == "red"
    assert not run.outputs.model_outputs
    assert not run.inputs.dataset_inputs

    autolog(exclusive=True)
    with mlflow.start_run() as own:
        _line().fit(vectors)
    assert mlflow.get_run(own.info.run_id).data.params == {}

    autolog(disable=True)
    _line().fit(vectors)
    assert len(mlflow.search_runs(output_format="list")) == 2


def test_a_table_of_spark_is_a_dataset(mlflow: ModuleType, spark: Any, table: Any) -> None:
    """With types by column, a digest that another table does not have, and its source."""
    dataset = mlflow.data.from_spark(table, path="/data/rows.parquet", targets="y", name="rows")

    assert [column.name for column in dataset.schema.inputs] == ["a", "b", "y", "label"]
    assert dataset.source.to_dict() == {"path": "/data/rows.parquet"}
    assert dataset.digest == mlflow.data.from_spark(table).digest
    assert dataset.digest != mlflow.data.from_spark(spark.createDataFrame(ROWS)).digest
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="train")
    (used,) = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.source_type) == ("rows", "spark")
    assert isinstance(dataset.to_pyfunc().outputs, pd.Series)
