"""Models as functions of Spark's columns, on a cluster of two workers, beside the real mlflow."""

import datetime
import importlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runyard
from runyard.exceptions import InvalidParameter
from runyard.models import ModelSignature, infer_signature
from runyard.scoring import spark_udf as module
from runyard.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from tests.scoring.models import Counted, Seen, Told
from tests.scoring.models import told as function

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

FRAME = "pd.DataFrame({'i': [1, 2, 3], 'f': [0.5, 1.5, 2.5], 's': ['a', 'b', 'c']})"
RESULTS = [
    (FRAME, "long"),
    (FRAME, "array<double>"),
    (FRAME, "array<string>"),
    (FRAME, "i long, s string"),
    ("[1.0, None, 3.0]", "double"),
    ("np.arange(6.0).reshape(3, 2)", "array<double>"),
    ("np.array([1, 2, 3], dtype='int8')", "int"),
    ("np.array([True, False, True])", "boolean"),
    ("{'x': [1, 2, 3], 'y': ['a', 'b', 'c']}", "x double, y string"),
    ("pd.Series([0.5, 1.5, 2.5], index=[7, 8, 9])", "float"),
]
"""What a model returns, and a type that it can have."""


def saved(model: Any, signature: ModelSignature | None = None, **options: Any) -> str:
    """The folder of a saved model."""
    path = f"model-{len(list(Path().iterdir()))}"
    runyard.pyfunc.save_model(path, python_model=model, signature=signature, pip_requirements=[], **options)
    return str(Path(path).absolute())


@pytest.fixture
def told(store: Path) -> str:
    """A model that returns what it is told to."""
    return saved(Told(), model_config={"gives": "np.arange(float(n))"})


@pytest.fixture
def rows(spark: Any) -> Any:
    """Three rows in one partition, with gaps in the last."""
    columns = "a int, b double, s string, v array<double>, t timestamp"
    moments = [datetime.datetime(2024, 1, 2, 3, 4, 5), datetime.datetime(2024, 7, 1)]
    values = [
        (1, 2.5, "x", [1.0, 2.0], moments[0]),
        (2, 3.5, "y", [3.0, 4.0], moments[1]),
        (3, None, None, [5.0, 6.0], None),
    ]
    return spark.createDataFrame(values, columns).coalesce(1)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_predictions_have_the_types_and_values_that_mlflow_gives(spark: Any, rows: Any, store: Path) -> None:
    """Scalars, arrays and structs, chosen from tables, arrays, lists and records."""
    mlflow_pyfunc = importlib.import_module("mlflow.pyfunc")
    types = importlib.import_module("mlflow.types")

    class Model(mlflow_pyfunc.PythonModel):  # type: ignore[misc, name-defined]
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return function(params)

    asked = types.ParamSchema([types.ParamSpec("gives", "string", "")])
    signature = mlflow_pyfunc.ModelSignature(types.Schema([types.ColSpec("integer", "a")]), params=asked)
    mlflow_pyfunc.save_model("theirs", python_model=Model(), signature=signature, pip_requirements=[])
    for gives, kind in RESULTS:
        options: dict[str, Any] = {"result_type": kind, "env_manager": "local", "params": {"gives": gives}}
        found = rows.select(runyard.pyfunc.spark_udf(spark, "theirs", **options)("a").alias("p"))
        expected = rows.select(mlflow_pyfunc.spark_udf(spark, "theirs", **options)("a").alias("p"))
        assert expected.schema == found.schema
        assert expected.collect() == found.collect(), kind


def test_a_model_gets_columns_structs_and_the_columns_of_its_signature(spark: Any, rows: Any, store: Path) -> None:
    """Columns are numbered without a signature, and a struct names them."""
    from pyspark.sql import functions as F  # noqa: N812, PLC0415  (only where it is installed)

    columns = ModelSignature(
        Schema([ColSpec("long", "a"), ColSpec("double", "b")]), params=ParamSchema([ParamSpec("k", "long", 3)])
    )
    plain = runyard.pyfunc.spark_udf(spark, saved(Seen()), "string")
    signed = runyard.pyfunc.spark_udf(spark, saved(Seen(), columns), "string", params={"k": 7})
    asked = {
        "columns": plain("a", "b", "s", "v"),
        "struct": plain(F.struct("b", F.col("s").alias("text"))),
        "moment": plain("t"),
        "named": signed(),
        "in order": signed("a", "b"),
        "with more": signed("a", "b", "s"),
        "swapped": signed(F.struct("b", "a")),
    }
    row = rows.select(*(made.alias(name) for name, made in asked.items())).first()
    found = {name: json.loads(row[name]) for name in asked}

    assert [{"0": "int32", "1": "float64", "2": "str", "3": "object"}, None] == [
        found["columns"][0],
        found["columns"][2],
    ]
    assert {"b": "float64", "text": "str"} == found["struct"][0]
    assert [{"0": "datetime64[ns]"}, ["Timestamp('2024-01-01 22:04:05')"]] == found["moment"][:2]
    assert [{"a": "int64", "b": "float64"}, ["1", "2.5"], {"k": 7}] == [
        found["named"][0],
        ["1", "2.5"],
        found["named"][2],
    ]
    assert found["named"] == found["in order"] == found["with more"] == found["swapped"]


def test_tensors_of_a_signature_are_columns_of_arrays(spark: Any, rows: Any, store: Path) -> None:
    """Each row's numbers get the shape and the type of the signature."""
    one = Schema([TensorSpec(np.dtype("float32"), (-1, 2, 1))])
    two = Schema([TensorSpec(np.dtype("float32"), (-1, 2), "v"), TensorSpec(np.dtype("int64"), (-1,), "a")])
    lone = runyard.pyfunc.spark_udf(spark, saved(Seen(), ModelSignature(one)), "string")
    named = runyard.pyfunc.spark_udf(spark, saved(Seen(), ModelSignature(two)), "string")

    row = rows.select(lone("v").alias("lone"), named().alias("named")).first()
    assert ["float32", 2, 1] == json.loads(row["lone"])
    assert {"v": ["float32", 2], "a": ["int64"]} == json.loads(row["named"])


def test_the_type_is_that_of_the_signatures_outputs(spark: Any, rows: Any, store: Path) -> None:
    """A struct for several; double without a signature."""
    inputs = Schema([ColSpec("integer", "a")])
    several = ModelSignature(inputs, Schema([ColSpec("long", "i"), ColSpec("string", "s")]))
    matrix = ModelSignature(inputs, Schema([TensorSpec(np.dtype("float64"), (-1, 2))]))
    table = saved(Told(), several, model_config={"gives": FRAME})
    square = saved(Told(), matrix, model_config={"gives": "np.ones((n, 2))"})

    found = rows.select(
        runyard.pyfunc.spark_udf(spark, table)().alias("table"),
        runyard.pyfunc.spark_udf(spark, square)().alias("square"),
    )
    assert "struct<table:struct<i:bigint,s:string>,square:array<double>>" == found.schema.simpleString()
    assert [((1, "a"), [1.0, 1.0]), ((2, "b"), [1.0, 1.0]), ((3, "c"), [1.0, 1.0])] == found.collect()


def test_each_worker_loads_the_model_once(spark: Any, store: Path) -> None:
    """Thousands of rows in dozens of batches, in queries one after the other: a load for each Python worker."""
    folder = store / "notes"
    folder.mkdir()
    predict = runyard.pyfunc.spark_udf(spark, saved(Counted(), model_config={"folder": str(folder)}))
    numbers = spark.range(0, 4000, 1, 8).selectExpr("id * 1.0D as x")

    for _ in range(2):
        assert 4000 * 3999 / 2 == numbers.select(predict("x").alias("p")).groupBy().sum("p").first()[0]

    processes = Counter((kind, pid) for kind, pid, _ in (path.name.split("-") for path in folder.iterdir()))
    loads = {pid: count for (kind, pid), count in processes.items() if kind == "load"}
    assert {1} == set(loads.values())
    calls = sum(count for (kind, _), count in processes.items() if kind == "call")
    assert 80 <= calls
    assert len(loads) < calls / 10  # two at a time; Spark may have started others meanwhile


def test_a_scikit_learn_model_predicts_in_python_and_in_sql(spark: Any, store: Path) -> None:
    """The predictions are those of the model itself; the function can be registered."""
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415  (it takes a second)

    frame = pd.DataFrame({"a": np.arange(50.0), "b": np.arange(50.0) ** 2})
    model = LinearRegression().fit(frame, frame.sum(axis=1))
    runyard.sklearn.save_model(model, "sum", signature=infer_signature(frame, frame["a"]), pip_requirements=[])
    predict = runyard.pyfunc.spark_udf(spark, "sum")
    table = spark.createDataFrame(frame)
    table.createOrReplaceTempView("numbers")
    spark.udf.register("total", predict)

    found = table.withColumn("p", predict()).toPandas()
    assert np.allclose(model.predict(frame), found["p"])
    assert np.allclose(found["p"], [row.p for row in spark.sql("select total(a, b) as p from numbers").collect()])


def test_older_versions_of_spark_go_through_pandas(
    spark: Any, rows: Any, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before 4.1 there are no functions of Arrow's arrays; the values are the same."""
    from pyspark.sql import functions as F  # noqa: N812, PLC0415  (only where it is installed)

    def made() -> list[Any]:
        kinds = ("double", "array<double>", "i long, s string")
        options: list[dict[str, Any]] = [{"result_type": kind, "model_config": {"gives": FRAME}} for kind in kinds]
        udfs = [runyard.pyfunc.spark_udf(spark, told, **one) for one in options]
        return rows.select(*(udf(F.struct("a", "s", "t")) for udf in udfs), udfs[0]("a", "b")).collect()  # type: ignore[no-any-return]

    expected = made()
    monkeypatch.delattr("pyspark.sql.functions.arrow_udf")
    assert expected == made()


def test_variables_reach_the_workers(spark: Any, rows: Any, told: str) -> None:
    """Models read settings from their environment."""
    gives = {"gives": "[os.environ['WHERE']] * n"}
    predict = runyard.pyfunc.spark_udf(spark, told, "string", extra_env={"WHERE": "here"}, model_config=gives)

    assert ["here"] * 3 == [row[0] for row in rows.select(predict("a")).collect()]


@pytest.mark.parametrize(
    ("gives", "kind", "says"),
    [
        (FRAME, "boolean", "no column of type boolean .it returned 'i': int64, 'f': float64, 's': str"),
        (FRAME, "i long, z double", "no column 'z', which the result_type has as a field; it returned 'i', 'f', 's'"),
        (FRAME, "s long", "column 's' of str is not long"),
        ("[1.0]", "double", "1 predictions for 3 rows"),
        ("5.0", "double", "float '5.0': no row for each"),
        ("1 / 0", "double", "ZeroDivisionError"),
    ],
)
def test_what_a_model_returns_wrongly_is_said(
    spark: Any, rows: Any, told: str, gives: str, kind: str, says: str
) -> None:
    """The error of the query names the columns and the types that there are."""
    from pyspark.errors import PythonException  # noqa: PLC0415  (only where it is installed)

    predict = runyard.pyfunc.spark_udf(spark, told, kind, model_config={"gives": gives})
    with pytest.raises(PythonException, match=says):
        rows.select(predict("a")).collect()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"result_type": "date"}, "cannot have the result_type 'date'. It can be int"),
        ({"result_type": "nonsense"}, "'nonsense' is not a type that Spark knows"),
        ({"result_type": 3}, "cannot have the result_type '3'"),
        ({"env_manager": "pipenv"}, "env_manager 'pipenv' is none of local, uv, virtualenv, conda"),
        ({"prebuilt_env_uri": "dbfs:/env.tar.gz"}, "only Databricks has"),
    ],
)
def test_wrong_arguments_are_refused_at_once(spark: Any, told: str, options: dict[str, Any], says: str) -> None:
    """Not when the query runs, hours later."""
    with pytest.raises(InvalidParameter, match=says):
        runyard.pyfunc.spark_udf(spark, told, **options)


def test_what_is_no_session_and_columns_that_nothing_names_are_refused(spark: Any, store: Path) -> None:
    """Each says what to do instead."""
    plain = saved(Seen())
    optional = saved(Seen(), ModelSignature(Schema([ColSpec("long", "a", required=False)])))
    with pytest.raises(InvalidParameter, match="needs a SparkSession first, not NoneType"):
        runyard.pyfunc.spark_udf(None, plain)
    with pytest.raises(InvalidParameter, match="names no columns, so say which"):
        runyard.pyfunc.spark_udf(spark, plain)()
    with pytest.raises(InvalidParameter, match=r"may be missing .'a'., so say which"):
        runyard.pyfunc.spark_udf(spark, optional)()
    params = ModelSignature(Schema([ColSpec("long", "a")]), params=ParamSchema([ParamSpec("k", "long", 3)]))
    with_params = saved(Seen(), params)
    with pytest.raises(InvalidParameter, match="text"):
        runyard.pyfunc.spark_udf(spark, with_params, params={"k": "text"})


def test_the_model_is_sent_where_no_folder_is_shared(spark: Any, told: str) -> None:
    """On one machine the workers read the folder itself."""
    assert "" == module.shared(spark, Path(told))
