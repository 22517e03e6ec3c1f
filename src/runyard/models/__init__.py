"""Models: descriptions, signatures, saving and loading, whatever their flavor."""

from runyard._lazy import on_first_use

_PUBLIC = {
    "EvaluationArtifact": "runyard.evaluation.artifacts",
    "EvaluationMetric": "runyard.evaluation.metric",
    "EvaluationResult": "runyard.evaluation.result",
    "MetricThreshold": "runyard.evaluation.thresholds",
    "Model": "runyard.models.model",
    "ModelConfig": "runyard.pyfunc.script",
    "ModelInfo": "runyard.models.info",
    "ModelSignature": "runyard.models.signature",
    "build_docker": "runyard.serving.commands",
    "convert_input_example_to_serving_input": "runyard.models.example",
    "evaluate": "runyard.evaluation.evaluating",
    "get_model_info": "runyard.models.info",
    "infer_pip_requirements": "runyard.models.environment.inference",
    "infer_signature": "runyard.models.signature",
    "list_evaluators": "runyard.evaluation.evaluators",
    "make_metric": "runyard.evaluation.metric",
    "predict": "runyard.serving.commands",
    "set_model": "runyard.pyfunc.script",
    "set_signature": "runyard.models.resigning",
    "update_model_requirements": "runyard.serving.commands",
    "validate_evaluation_results": "runyard.evaluation.thresholds",
    "validate_schema": "runyard.models.enforcement",
    "validate_serving_input": "runyard.pyfunc.serving_input",
}

TYPE_CHECKING = False  # type checkers take the name for true; importing typing would be most of the cost
if TYPE_CHECKING:
    from runyard.models.info import ModelInfo as ModelInfo
    from runyard.models.info import get_model_info as get_model_info
    from runyard.models.model import Model as Model
    from runyard.models.signature import ModelSignature as ModelSignature
    from runyard.models.signature import infer_signature as infer_signature

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
