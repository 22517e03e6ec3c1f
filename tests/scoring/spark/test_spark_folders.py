"""Folders are predicted for with Spark, on a cluster of two workers to which the model is sent."""

from pathlib import Path
from typing import Any

import pytest

from tests.scoring.folders import predicts_a_folder, survives_a_worker
from tests.scoring.spark.conftest import CLUSTER

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def test_a_cluster(spark: Any, store: Path) -> None:
    """Workers of their own processes, which get the model from Spark."""
    predicts_a_folder(store, engine="spark", address=CLUSTER)


def test_a_worker_that_dies_is_the_failure_of_its_file(spark: Any, store: Path) -> None:
    """Others take its place, and the rest of the files are done."""
    survives_a_worker(store, engine="spark", address=CLUSTER)
