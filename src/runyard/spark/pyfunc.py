"""A model of Spark ML as a pyfunc: tables of pandas become tables of Spark, and its predictions a list."""

from typing import Any

from runyard.core.libraries import lazy, pd
from runyard.exceptions import InvalidParameter

ml, functions, types = lazy("pyspark.ml"), lazy("pyspark.ml.functions"), lazy("pyspark.sql.types")

_PREDICTION = "prediction"


class SparkModel:
    """Predicts with a pipeline of Spark ML.

    Parameters
    ----------
    spark: The session.
    spark_model: The pipeline.
    """

    def __init__(self, spark: Any, spark_model: Any) -> None:
        self.spark, self.spark_model = spark, spark_model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> list[Any]:
        """The last stage's output for each row; parameters are those of the pipeline's ``transform``.

        Raises
        ------
        InvalidParameter: It is not a table.
        """
        if not isinstance(data, pd.DataFrame):
            raise InvalidParameter(
                f"A model of Spark takes a pandas DataFrame with its columns, not {type(data).__name__}."
            )
        rows = self._with_vectors(self.spark.createDataFrame(data))
        predicted = self.spark_model.transform(rows, params or {}) if params else self.spark_model.transform(rows)
        column = self._output(predicted.columns)
        return [row[0] for row in predicted.select(f"`{column}`").collect()]

    def get_raw_model(self) -> Any:
        """The pipeline."""
        return self.spark_model

    def _output(self, columns: list[str]) -> str:
        """The column that the last stage adds."""
        stages = list(getattr(self.spark_model, "stages", ())) or [self.spark_model]
        for stage in reversed(stages):
            for name in ("predictionCol", "outputCol"):
                if stage.hasParam(name) and stage.getOrDefault(name) in columns:
                    return str(stage.getOrDefault(name))
        return _PREDICTION if _PREDICTION in columns else columns[-1]

    def _with_vectors(self, rows: Any) -> Any:
        """Lists of numbers as vectors where a stage takes its features from the input: pandas has no vectors."""
        taken = {
            stage.getOrDefault("featuresCol")
            for stage in getattr(self.spark_model, "stages", ())
            if stage.hasParam("featuresCol")
        }
        for field in rows.schema.fields:
            if field.name in taken and isinstance(field.dataType, types.ArrayType):
                numbers = rows[field.name].cast(types.ArrayType(types.DoubleType()))
                rows = rows.withColumn(field.name, functions.array_to_vector(numbers))
        return rows
