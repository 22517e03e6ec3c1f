"""Fitted models and pipelines of Spark ML: saved in Spark's own format, loaded, and as pyfuncs."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.models.loading import file_of
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import as_pyfunc, defaults, logging, predicting, read_model, saving
from runyard.spark.declared import FLAVOR
from runyard.spark.pyfunc import SparkModel
from runyard.spark.sessions import read_through, session, written_through

FLAVOR_NAME = FLAVOR.name
_FOLDER = "sparkml"
_PIPELINE = "pyspark.ml.pipeline.PipelineModel"


def _write(folder: Folder, spark_model: Any, *, dfs_tmpdir: str | None = None) -> None:
    """Save a model of Spark ML to a folder of this machine.

    Parameters
    ----------
    spark_model: A fitted model or pipeline, or another transformer, that Spark can write.
    dfs_tmpdir: A folder of the cluster's file system that Spark writes to first, where its workers are other machines;
        the setting ``DFS_TMP`` when left out.

    Raises
    ------
    InvalidParameter: The folder is not empty, or Spark cannot write the model.
    """
    ml = required("pyspark.ml", "Saving models of Spark")
    writable = required("pyspark.ml.util", "Saving models of Spark").MLWritable
    kind = type(spark_model).__name__
    if not isinstance(spark_model, ml.Transformer):
        unfitted = f" Fit it first: {kind}.fit(…) gives a model." if isinstance(spark_model, ml.Estimator) else ""
        raise InvalidParameter(f"spark_model is a fitted model or a transformer of pyspark.ml, not {kind}.{unfitted}")
    if not isinstance(spark_model, writable):
        raise InvalidParameter(
            f"Spark cannot write {kind}: it has no MLWritable. Make it one, such as by DefaultParamsWritable."
        )
    pipeline = spark_model if isinstance(spark_model, ml.PipelineModel) else ml.PipelineModel([spark_model])
    spark = session()
    with written_through(spark, folder.path / _FOLDER, dfs_tmpdir) as address:
        pipeline.write().save(address)
    folder.add(FLAVOR, pyfunc={"data": _FOLDER}, model_data=_FOLDER, model_class=_PIPELINE)
    folder.predict = predicting(SparkModel(spark, pipeline))


def load_model(model_uri: str, dfs_tmpdir: str | None = None, dst_path: str | None = None) -> Any:
    """The model at an address, as a pipeline of Spark ML.

    Parameters
    ----------
    model_uri: A folder, ``runs:/…``, ``models:/…`` or any other address of artifacts.
    dfs_tmpdir: A folder of the cluster's file system to read it through, where Spark's workers are other machines.
    dst_path: The folder to put its files in; a temporary one when left out.

    Raises
    ------
    InvalidParameter: There is no such model of Spark.
    RunyardException: It cannot be read.
    """
    return read_model(FLAVOR, model_uri, dst_path, _read, dfs_tmpdir=dfs_tmpdir)


def _read(folder: Path, settings: Mapping[str, Any], dfs_tmpdir: str | None = None) -> Any:
    required("pyspark.ml", "Loading models of Spark")
    place = file_of(folder, settings, "model_data")
    module, _, name = str(settings.get("model_class") or _PIPELINE).rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    with read_through(session(), place, dfs_tmpdir) as address:
        return kind.load(address)


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
_load_pyfunc = as_pyfunc(FLAVOR, _read, lambda model: SparkModel(session(), model))
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR)
