"""Pipelines of Spark ML."""

import os
import sys
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.regression import LinearRegression
from pyspark.sql import SparkSession

from tests.flavors.examples import Example

_RANDOM = np.random.default_rng(7)
ROWS = pd.DataFrame(_RANDOM.normal(size=(24, 2)), columns=["a", "b"])
TARGETS = ROWS.assign(y=ROWS["a"] - ROWS["b"], label=(ROWS["a"] > ROWS["b"]).astype(float))


@cache
def session() -> Any:
    """A small local Spark, which stays until the process ends."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    made = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    return made


session()  # MLflow reads models only where a session is there already


def assembler() -> Any:
    """What makes a vector of the columns."""
    return VectorAssembler(inputCols=["a", "b"], outputCol="features")


def trained(*stages: Any) -> Any:
    """A pipeline, fitted to the rows."""
    return Pipeline(stages=list(stages)).fit(session().createDataFrame(TARGETS))


def _predicted(model: Any, rows: Any) -> Any:
    return [row["prediction"] for row in model.transform(session().createDataFrame(rows)).collect()]


EXAMPLES = [
    Example("line", lambda: trained(assembler(), LinearRegression(labelCol="y", maxIter=2)), ROWS, _predicted),
    Example("classes", lambda: trained(assembler(), LogisticRegression(maxIter=2)), ROWS, _predicted),
]
