"""Models as functions of Spark's columns."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from pathlib import Path
from typing import Any, Union

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.models.enforcement import enforce_params
from runyard.models.loading import local_folder, read_flavor
from runyard.models.mlmodel import MLMODEL, PYFUNC
from runyard.models.model import Model
from runyard.pyfunc.script import config_of
from runyard.scoring import results
from runyard.scoring.inputs import Inputs
from runyard.scoring.shipping import archive_name, digest_of, packed
from runyard.scoring.spark_types import wanted_type
from runyard.scoring.worker import Scorer, checked_manager
from runyard.types.schema import Schema

log = logging.getLogger(__name__)


def spark_udf(
    spark: Any,
    model_uri: str,
    result_type: Any = None,
    env_manager: str | None = None,
    params: dict[str, Any] | None = None,
    extra_env: dict[str, str] | None = None,
    prebuilt_env_uri: str | None = None,
    model_config: str | Path | Mapping[str, Any] | None = None,
) -> Callable[..., Any]:
    """A function of columns that predicts with a model on Spark's workers, where Runyard must be installed.

    It takes columns, which are those of the signature in its order (named ``0``, ``1``, … without one); or one struct,
    whose fields name the columns; or nothing, for the columns that the signature names. Tensors of the signature are
    columns of arrays. Spark sends the model to each machine once, and each Python worker loads it once.

    Parameters
    ----------
    spark: The session, of Spark 3.5 or later; of Spark Connect too.
    model_uri: The model's address.
    result_type: The type of the column of predictions, as text (``double``, ``array<double>``, ``label string, score
        double``) or as a type of Spark: int, long, float, double, string, boolean, arrays of them, maps, or a struct.
        Of a scalar type it is the leftmost column of that type that the model returns, of an array type all of them,
        of a struct those with the names of its fields. The type of the signature's outputs when left out, double
        without a signature.
    env_manager: What makes the environment that the model runs in on each machine: ``uv``, ``virtualenv`` or
        ``conda``; ``local``, which is the default, for the one that the worker has.
    params: Parameters of each call.
    extra_env: Variables to set in the workers.
    prebuilt_env_uri: Refused: only Databricks has such archives of environments.
    model_config: Overrides the configuration that the model was saved with.

    Raises
    ------
    InvalidParameter: There is no such model; or predictions cannot have this type; or params do not fit the signature.
    MissingPackage: PySpark is not installed.
    """
    required("pyspark", "Predicting on Spark")
    required("pyarrow", "Predicting on Spark")
    if not hasattr(spark, "createDataFrame"):
        raise InvalidParameter(f"spark_udf needs a SparkSession first, not {type(spark).__name__}.")
    if prebuilt_env_uri is not None:
        raise InvalidParameter(
            "prebuilt_env_uri is an archive of an environment, which only Databricks has. Leave it out, and install "
            "what the model needs on the workers or give env_manager='uv'."
        )
    manager = checked_manager(env_manager)
    folder = local_folder(model_uri)
    read_flavor(folder, PYFUNC)
    model = Model.read(folder / MLMODEL)
    signature = model.signature
    known = enforce_params(params, signature.params if signature else None) if params else None
    job = _Predicting(
        Scorer(
            digest_of(folder), shared(spark, folder), manager, known, config_of(model_config), dict(extra_env or {})
        ),
        Inputs(signature.inputs if signature else None),
        wanted_type(result_type, model),
    )
    if not job.scorer.folder:
        send(spark, packed(folder))
    return _of_columns(_made(job), model)


@dataclass(frozen=True)
class _Predicting:
    """What a worker of Spark does with a batch of columns."""

    scorer: Scorer
    inputs: Inputs
    kind: Any

    def __call__(self, columns: Sequence[Any]) -> Any:
        """The predictions for Arrow arrays, as one."""
        given = self.inputs.of_columns(columns)
        prediction = self.scorer.predict(given, lambda: archive_in_spark(self.scorer.name), files_in_spark)
        return results.column_of(prediction, len(columns[0]), self.kind)


def archive_in_spark(name: str) -> Path:
    """The archive that Spark sent to this worker with the model of this content."""
    return files_in_spark() / archive_name(name)


def files_in_spark() -> Path:
    """Where a worker has what Spark sent it."""
    return Path(required("pyspark", "Predicting on Spark").SparkFiles.getRootDirectory())


def is_connect(session: Any) -> bool:
    """Whether a session speaks to a server of Spark Connect."""
    return type(session).__module__.startswith("pyspark.sql.connect")


def shared(spark: Any, folder: Path) -> str:
    """The folder, where the workers are processes of this machine; empty elsewhere."""
    if is_connect(spark):
        return ""
    master = str(spark.sparkContext.master)
    return str(folder) if master == "local" or master.startswith("local[") else ""


def send(spark: Any, archive: Path) -> None:
    """Have Spark bring an archive to each machine that needs it."""
    if is_connect(spark):
        spark.addArtifacts(str(archive), file=True)
    else:
        spark.sparkContext.addFile(str(archive))


def _made(job: _Predicting) -> Any:
    """The function of Spark: of Arrow's arrays, or of pandas' where Spark is older than 4.1."""
    functions = required("pyspark.sql.functions", "Predicting on Spark")
    pa, pd = required("pyarrow", "Predicting on Spark"), required("pandas", "Predicting on Spark")

    def predict(batches: Any) -> Any:
        for columns in batches:
            yield job(_together(columns))

    def predict_pandas(batches: Any) -> Any:
        for columns in batches:
            found = job([_arrow(column, pa, pd) for column in _together(columns)])
            yield pa.Table.from_struct_array(found).to_pandas() if pa.types.is_struct(found.type) else found.to_pandas()

    of: Any = Iterator
    several: Any = tuple
    if hasattr(functions, "arrow_udf"):
        predict.__annotations__ = {"batches": of[several[pa.Array, ...]], "return": of[pa.Array]}
        return functions.arrow_udf(predict, job.kind)
    either: Any = Union  # Spark does not know the types that | makes
    given = either[pd.Series, pd.DataFrame]
    gives = pd.DataFrame if job.kind.typeName() == "struct" else pd.Series
    predict_pandas.__annotations__ = {"batches": of[several[given, ...]], "return": of[gives]}
    return functions.pandas_udf(predict_pandas, job.kind)


def _together(columns: Any) -> Sequence[Any]:
    """The columns of a batch; Spark gives a single one as it is."""
    return columns if isinstance(columns, tuple) else (columns,)


def _arrow(column: Any, pa: Any, pd: Any) -> Any:
    if isinstance(column, pd.DataFrame):
        return pa.Table.from_pandas(column, preserve_index=False).to_struct_array().combine_chunks()
    return pa.Array.from_pandas(column)


def _of_columns(made: Any, model: Model) -> Callable[..., Any]:
    """The function that users call, which Spark registers for SQL too."""

    def predict(*columns: Any) -> Any:
        return made(*(columns or _named(model.get_input_schema())))

    update_wrapper(predict, made)
    predict.__dict__.update({name: getattr(made, name) for name in ("func", "returnType", "evalType", "deterministic")})
    predict.__dict__["asNondeterministic"] = lambda: _of_columns(made.asNondeterministic(), model)
    predict.__dict__["metadata"] = model
    return predict


def _named(schema: Schema | None) -> list[str]:
    """The columns that the signature names.

    Raises
    ------
    InvalidParameter: It names none, or some may be missing.
    """
    if schema is None or not schema.has_input_names():
        raise InvalidParameter(
            "The model's signature names no columns, so say which to predict from: predict('a', 'b') or "
            "predict(struct('a', 'b'))."
        )
    if optional := schema.optional_input_names():
        raise InvalidParameter(
            f"The model's signature has columns that may be missing ({', '.join(map(repr, optional))}), so say which "
            "there are: predict(struct('a', 'b'))."
        )
    return [str(name) for name in schema.input_names()]
