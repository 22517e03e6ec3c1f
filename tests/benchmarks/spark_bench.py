"""Rows a second and core that `spark_udf` predicts for, of Runyard and of MLflow, on one session of Spark in turns.

    python tests/benchmarks/spark_bench.py                      # in an environment with both, pyspark, onnx and skl2onnx
    python tests/benchmarks/spark_bench.py --rows 4000000 --rounds 7 --master 'local[4]'

The table is in Spark's memory; what it predicts goes nowhere (Spark's sink `noop`). Each cell is the median over rounds, in
which the two take turns. `floor` is a function of Arrow's arrays that returns its first one: what Spark itself allows.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd

COLUMNS = [f"c{place}" for place in range(10)]


def models(folder):
    """The models: name → folder, saved by MLflow with a signature."""
    import mlflow
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, Schema
    from skl2onnx import to_onnx
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(7)
    frame = pd.DataFrame(random.random((2000, len(COLUMNS))), columns=COLUMNS)
    total = frame.sum(axis=1)
    found = {}

    def keep(name, save, model, signature):
        found[name] = f"{folder}/{name}"
        pickled = {"serialization_format": "cloudpickle"} if name.startswith("sklearn") else {}
        save(model, found[name], signature=signature, pip_requirements=[], **pickled)

    linear = LinearRegression().fit(frame, total)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, (total > total.median()).astype(int))
    boosted = GradientBoostingRegressor(n_estimators=50).fit(frame, total)
    signature = infer_signature(frame, total)
    keep("sklearn-linear", mlflow.sklearn.save_model, linear, signature)
    keep("sklearn-pipeline", mlflow.sklearn.save_model, pipeline, infer_signature(frame, pipeline.predict(frame)))
    keep("sklearn-boosted", mlflow.sklearn.save_model, boosted, signature)
    floats = ModelSignature(Schema([ColSpec("float", name) for name in COLUMNS]))
    sample = frame.to_numpy(np.float32)[:1]
    keep("onnx-linear", mlflow.onnx.save_model, to_onnx(linear, sample, target_opset=18), floats)
    keep("onnx-boosted", mlflow.onnx.save_model, to_onnx(boosted, sample, target_opset=18), floats)
    return found


def session(master, rows):
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F  # noqa: N812

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = (
        SparkSession.builder.master(master).config("spark.ui.enabled", "false").config("spark.driver.memory", "3g")
    )
    for name in ("spark.driver.host", "spark.driver.bindAddress"):
        builder = builder.config(name, "127.0.0.1")
    spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    numbers = spark.range(0, rows, 1, 4)
    doubles = numbers.select(*(F.rand(place).alias(name) for place, name in enumerate(COLUMNS))).cache()
    floats = numbers.select(*(F.rand(place).cast("float").alias(name) for place, name in enumerate(COLUMNS))).cache()
    for table in (doubles, floats):
        table.count()
    return spark, {"sklearn": (doubles, COLUMNS), "onnx": (floats, COLUMNS)}


def seconds(table, made, columns):
    began = time.perf_counter()
    table.select(made(*columns).alias("p")).write.format("noop").mode("overwrite").save()
    return time.perf_counter() - began


def floor():
    import pyarrow as pa
    from pyspark.sql import functions as F  # noqa: N812

    def same(batches):
        for columns in batches:
            yield columns[0]

    same.__annotations__ = {"batches": Iterator[tuple[pa.Array, ...]], "return": Iterator[pa.Array]}
    return F.arrow_udf(same, "double")


def measured(spark, name, path, table, columns, given):
    import mlflow.pyfunc

    import runyard

    made = {
        "runyard": runyard.pyfunc.spark_udf(spark, path, result_type="double"),
        "mlflow": mlflow.pyfunc.spark_udf(spark, path, result_type="double", env_manager="local"),
    }
    if name == "sklearn-linear":
        made["floor"] = floor()
    both = (made[key](*columns).alias(key) for key in ("runyard", "mlflow"))
    sample = table.limit(1000).select(*both).toPandas()
    same = bool(np.allclose(sample["runyard"], sample["mlflow"]))
    times = {key: [] for key in made}
    for turn in range(given.rounds + 1):
        for key in made if turn % 2 else reversed(list(made)):
            took = seconds(table, made[key], columns)
            if turn:  # the first loads the model
                times[key].append(took)
    cores = spark.sparkContext.defaultParallelism
    rates = {key: given.rows / statistics.median(ours) / cores for key, ours in times.items()}
    shown = "  ".join(f"{key} {rate:,.0f}" for key, rate in rates.items())
    print(f"{name:18} {shown}  ratio {rates['runyard'] / rates['mlflow']:.2f}  equal {same}", flush=True)
    return {"equal": same, "rows_per_second_and_core": rates, "times": times}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json")
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    spark, tables = session(given.master, given.rows)
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in models(folder).items():
            if given.only and name not in given.only:
                continue
            table, columns = next(one for key, one in tables.items() if name.startswith(key))
            result[name] = measured(spark, name, path, table, columns, given)
    if given.json:
        with open(given.json, "w") as opened:
            json.dump(result, opened, indent=1)
    spark.stop()


if __name__ == "__main__":
    main()
