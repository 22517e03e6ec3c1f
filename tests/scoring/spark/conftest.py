"""A real cluster of Spark: two workers of one core, processes of their own that have no folder in common with us."""

import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CLUSTER = "local-cluster[2,1,800]"
"""Two workers of one core and 800 MB."""


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A session on the cluster."""
    import pyspark  # noqa: PLC0415  (only where it is installed)
    from pyspark.sql import SparkSession  # noqa: PLC0415  (as above)

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.executor.memory": "700m",
        "spark.sql.session.timeZone": "America/New_York",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "100",
    }
    builder = SparkSession.builder.master(CLUSTER)
    for name, value in settings.items():
        builder = builder.config(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
