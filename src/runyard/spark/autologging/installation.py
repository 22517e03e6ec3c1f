"""Which functions of Spark ML are watched."""

from pyspark.ml.base import Estimator, Transformer
from pyspark.ml.evaluation import Evaluator

from runyard.autologging.patches import patch, revert
from runyard.spark.autologging.evaluations import watch_evaluate, watch_transform
from runyard.spark.autologging.trainings import INTEGRATION, watch_fit


def install(*, watched: bool) -> None:
    """Watch what trains and what measures; or put Spark's own functions back."""
    revert(INTEGRATION)
    if not watched:
        return
    patch(INTEGRATION, Estimator, "fit", watch_fit)
    patch(INTEGRATION, Transformer, "transform", watch_transform)
    patch(INTEGRATION, Evaluator, "evaluate", watch_evaluate)
