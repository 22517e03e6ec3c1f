"""``mlflow.models.evaluation``: evaluation of models, by MLflow's names."""

from runyard._lazy import on_first_use

_PUBLIC = {
    "EvaluationArtifact": "runyard.evaluation.artifacts",
    "EvaluationDataset": "runyard.data.evaluation_dataset",
    "EvaluationMetric": "runyard.evaluation.metric",
    "EvaluationResult": "runyard.evaluation.result",
    "MetricThreshold": "runyard.evaluation.thresholds",
    "artifacts": "runyard.evaluation.artifacts:",
    "base": "runyard.models.evaluation:",
    "evaluate": "runyard.evaluation.evaluating",
    "list_evaluators": "runyard.evaluation.evaluators",
    "make_metric": "runyard.evaluation.metric",
    "validate_evaluation_results": "runyard.evaluation.thresholds",
    "validation": "runyard.evaluation.thresholds:",
}

TYPE_CHECKING = False  # type checkers take the name for true; importing typing would be most of the cost
if TYPE_CHECKING:
    from runyard.evaluation.artifacts import EvaluationArtifact as EvaluationArtifact
    from runyard.evaluation.evaluating import evaluate as evaluate
    from runyard.evaluation.metric import EvaluationMetric as EvaluationMetric
    from runyard.evaluation.metric import make_metric as make_metric
    from runyard.evaluation.result import EvaluationResult as EvaluationResult
    from runyard.evaluation.thresholds import MetricThreshold as MetricThreshold
    from runyard.evaluation.thresholds import validate_evaluation_results as validate_evaluation_results

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
