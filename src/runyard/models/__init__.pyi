from typing import TYPE_CHECKING

from runyard.models.enforcement import validate_schema as validate_schema
from runyard.models.example import convert_input_example_to_serving_input as convert_input_example_to_serving_input
from runyard.models.info import ModelInfo as ModelInfo
from runyard.models.info import get_model_info as get_model_info
from runyard.models.model import Model as Model
from runyard.models.signature import ModelSignature as ModelSignature
from runyard.models.signature import infer_signature as infer_signature
from runyard.models.signature_change import set_signature as set_signature

if TYPE_CHECKING:
    from runyard.evaluation.api import evaluate as evaluate
    from runyard.evaluation.artifacts import EvaluationArtifact as EvaluationArtifact
    from runyard.evaluation.evaluators import list_evaluators as list_evaluators
    from runyard.evaluation.metric import EvaluationMetric as EvaluationMetric
    from runyard.evaluation.metric import make_metric as make_metric
    from runyard.evaluation.result import EvaluationResult as EvaluationResult
    from runyard.evaluation.thresholds import MetricThreshold as MetricThreshold
    from runyard.evaluation.thresholds import validate_evaluation_results as validate_evaluation_results
    from runyard.flavors.requirements import infer_pip_requirements as infer_pip_requirements
    from runyard.pyfunc.script import ModelConfig as ModelConfig
    from runyard.pyfunc.script import set_model as set_model
    from runyard.pyfunc.serving_input import validate_serving_input as validate_serving_input
    from runyard.serving.commands import build_docker as build_docker
    from runyard.serving.commands import predict as predict
    from runyard.serving.commands import update_model_requirements as update_model_requirements
