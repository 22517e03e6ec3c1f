"""Where each name of MLflow's is that Runyard keeps elsewhere: ``mlflow.a.b``, and ``runyard.a.b``, read here.

What is not here has the same place in both, or is missing (`runyard.mlflow.reasons` says why). A home is written as in
the tables of `runyard._lazy`: ``"module:"`` for the module, ``"module:name"`` for a name in it, ``"module"`` where
that is the same name. A module that has names here, but no home, consists of these names.
"""

from functools import cache

_ARTIFACTS = "runyard.fluent.artifacts"
_DATASETS = "runyard.tracking.inputs.entities"
_EXPERIMENTS = "runyard.tracking.experiments.entities"
_LOGGED_MODELS = "runyard.tracking.logged_models.entities"
_RUNS = "runyard.tracking.runs.entities"
_REGISTERED_MODELS = "runyard.registry.registered_models.entities"
_VERSIONS = "runyard.registry.model_versions.entities"
_INTEGRATIONS = "runyard.autologging.integrations"
_HEADERS = "runyard.mlflow.tracking.request_headers"
_UTILS = "runyard.mlflow.utils"
_AUTOLOGGING = f"{_UTILS}.autologging"
_EXAMPLES = "runyard.mlflow.model_examples"

HOMES: dict[str, str] = {
    "artifacts.download_artifacts": _ARTIFACTS,
    "artifacts.list_artifacts": _ARTIFACTS,
    "artifacts.load_dict": _ARTIFACTS,
    "artifacts.load_image": _ARTIFACTS,
    "artifacts.load_text": _ARTIFACTS,
    "entities.dataset": f"{_DATASETS}:",
    "entities.dataset_input": f"{_DATASETS}:",
    "entities.experiment": f"{_EXPERIMENTS}:",
    "entities.experiment_tag": f"{_EXPERIMENTS}:",
    "entities.file_info": "runyard.artifacts.entities:",
    "entities.input_tag": f"{_DATASETS}:",
    "entities.lifecycle_stage": "runyard.core.lifecycle:",
    "entities.logged_model": f"{_LOGGED_MODELS}:",
    "entities.logged_model_input": f"{_DATASETS}:",
    "entities.logged_model_output": f"{_DATASETS}:",
    "entities.logged_model_parameter": f"{_LOGGED_MODELS}:",
    "entities.logged_model_status": f"{_LOGGED_MODELS}:",
    "entities.logged_model_tag": f"{_LOGGED_MODELS}:",
    "entities.metric": "runyard.tracking.metrics.entities:",
    "entities.model_registry.ModelVersion": _VERSIONS,
    "entities.model_registry.ModelVersionTag": _VERSIONS,
    "entities.model_registry.RegisteredModel": _REGISTERED_MODELS,
    "entities.model_registry.RegisteredModelAlias": _REGISTERED_MODELS,
    "entities.model_registry.RegisteredModelTag": _REGISTERED_MODELS,
    "entities.model_registry.model_version": f"{_VERSIONS}:",
    "entities.model_registry.model_version_stages": "runyard.mlflow.model_version_stages:",
    "entities.model_registry.model_version_status": f"{_VERSIONS}:",
    "entities.model_registry.model_version_tag": f"{_VERSIONS}:",
    "entities.model_registry.registered_model": f"{_REGISTERED_MODELS}:",
    "entities.model_registry.registered_model_alias": f"{_REGISTERED_MODELS}:",
    "entities.model_registry.registered_model_tag": f"{_REGISTERED_MODELS}:",
    "entities.param": f"{_RUNS}:",
    "entities.run": f"{_RUNS}:",
    "entities.run_data": f"{_RUNS}:",
    "entities.run_info": f"{_RUNS}:",
    "entities.run_inputs": f"{_DATASETS}:",
    "entities.run_outputs": f"{_DATASETS}:",
    "entities.run_status": f"{_RUNS}:",
    "entities.run_tag": f"{_RUNS}:",
    "entities.source_type": f"{_RUNS}:",
    "entities.view_type": "runyard.core.lifecycle:",
    "models.EvaluationArtifact": "runyard.evaluation.artifacts",
    "models.EvaluationMetric": "runyard.evaluation.metric",
    "models.EvaluationResult": "runyard.evaluation.result",
    "models.MetricThreshold": "runyard.evaluation.thresholds",
    "models.ModelConfig": "runyard.pyfunc.script",
    "models.ModelInputExample": _EXAMPLES,
    "models.build_docker": "runyard.serving.commands",
    "models.evaluate": "runyard.evaluation.api",
    "models.evaluation.EvaluationArtifact": "runyard.evaluation.artifacts",
    "models.evaluation.EvaluationDataset": "runyard.data.evaluation_dataset",
    "models.evaluation.EvaluationMetric": "runyard.evaluation.metric",
    "models.evaluation.EvaluationResult": "runyard.evaluation.result",
    "models.evaluation.MetricThreshold": "runyard.evaluation.thresholds",
    "models.evaluation.artifacts": "runyard.evaluation.artifacts:",
    "models.evaluation.base": "runyard.models.evaluation:",
    "models.evaluation.evaluate": "runyard.evaluation.api",
    "models.evaluation.list_evaluators": "runyard.evaluation.evaluators",
    "models.evaluation.make_metric": "runyard.evaluation.metric",
    "models.evaluation.validate_evaluation_results": "runyard.evaluation.thresholds",
    "models.evaluation.validation": "runyard.evaluation.thresholds:",
    "models.infer_pip_requirements": "runyard.flavors.requirements",
    "models.list_evaluators": "runyard.evaluation.evaluators",
    "models.make_metric": "runyard.evaluation.metric",
    "models.model.MLMODEL_FILE_NAME": "runyard.models.mlmodel:MLMODEL",
    "models.model.ModelInfo": "runyard.models.info",
    "models.model.ModelSignature": "runyard.models.signature",
    "models.model.get_model_info": "runyard.models.info",
    "models.model.set_model": "runyard.pyfunc.script",
    "models.model.update_model_requirements": "runyard.serving.commands",
    "models.predict": "runyard.serving.commands",
    "models.set_model": "runyard.pyfunc.script",
    "models.signature._infer_signature_from_input_example": _EXAMPLES,
    "models.signature.set_signature": "runyard.models.signature_change",
    "models.update_model_requirements": "runyard.serving.commands",
    "models.utils": f"{_EXAMPLES}:",
    "models.validate_evaluation_results": "runyard.evaluation.thresholds",
    "models.validate_serving_input": "runyard.pyfunc.serving_input",
    "projects.submitted_run.LocalSubmittedRun": "runyard.projects.backend.local",
    "projects.utils": "runyard.mlflow.project_utils:",
    "protos.databricks_pb2": "runyard.mlflow.error_codes:",
    "pyfunc.backend": "runyard.mlflow.pyfunc_backend:",
    "pyfunc.loaders.code_model._load_pyfunc": "runyard.pyfunc.python_models:load_script",
    "pyfunc.model._load_pyfunc": "runyard.pyfunc.python_models:load_python_model",
    "pyfunc.spark_udf": "runyard.scoring.spark_udf",
    "pyfunc.utils.data_validation": "runyard.mlflow.data_validation:",
    "pyspark.ml.autolog": "runyard.spark.autologging",
    "store.db.db_types": "runyard.mlflow.database_types:",
    "tracking.MlflowClient": "runyard.client",
    "tracking._model_registry.DEFAULT_AWAIT_MAX_SLEEP_SECONDS": "runyard.fluent.registry:AWAIT_SECONDS",
    "tracking.artifact_utils": "runyard.mlflow.tracking.artifact_utils:",
    "tracking.client.MlflowClient": "runyard.client:RunyardClient",
    "tracking.client.Param": _RUNS,
    "tracking.client.RunTag": _RUNS,
    "tracking.client.ViewType": "runyard.core.lifecycle",
    "tracking.context.default_context._get_source_name": "runyard.core.origin:source_name",
    "tracking.context.default_context._get_user": "runyard.core.origin:user",
    "tracking.context.registry.resolve_tags": "runyard.core.origin",
    "tracking.context.resolve_tags": "runyard.core.origin",
    "tracking.fluent": "runyard.mlflow.tracking.fluent:",
    "tracking.metric_value_conversion_utils": "runyard.mlflow.tracking.metric_values:",
    "tracking.multimedia.Image": "runyard.client.images",
    "tracking.request_header.abstract_request_header_provider": f"{_HEADERS}:",
    "tracking.request_header.registry": f"{_HEADERS}:",
    "utils._get_fully_qualified_class_name": f"{_UTILS}.class_utils",
    "utils.annotations": f"{_UTILS}.annotations:",
    "utils.autologging_utils.AUTOLOGGING_INTEGRATIONS": _INTEGRATIONS,
    "utils.autologging_utils.MlflowAutologgingQueueingClient": _AUTOLOGGING,
    "utils.autologging_utils.autologging_integration": _AUTOLOGGING,
    "utils.autologging_utils.autologging_is_disabled": _INTEGRATIONS,
    "utils.autologging_utils.client.MlflowAutologgingQueueingClient": _AUTOLOGGING,
    "utils.autologging_utils.disable_autologging": _INTEGRATIONS,
    "utils.autologging_utils.disable_discrete_autologging": _INTEGRATIONS,
    "utils.autologging_utils.get_autologging_config": _INTEGRATIONS,
    "utils.autologging_utils.revert_patches": "runyard.autologging.patches:revert",
    "utils.autologging_utils.safe_patch": _AUTOLOGGING,
    "utils.autologging_utils.safety.revert_patches": "runyard.autologging.patches:revert",
    "utils.autologging_utils.safety.safe_patch": _AUTOLOGGING,
    "utils.class_utils": f"{_UTILS}.class_utils:",
    "utils.docstring_utils": f"{_UTILS}.docstring_utils:",
    "utils.environment": f"{_UTILS}.environment:",
    "utils.file_utils": f"{_UTILS}.file_utils:",
    "utils.lazy_load": f"{_UTILS}.lazy_load:",
    "utils.logging_utils": f"{_UTILS}.logging_utils:",
    "utils.mlflow_tags": f"{_UTILS}.mlflow_tags:",
    "utils.model_utils": f"{_UTILS}.model_utils:",
    "utils.name_utils": f"{_UTILS}.name_utils:",
    "utils.process": f"{_UTILS}.process:",
    "utils.requirements_utils": f"{_UTILS}.requirements_utils:",
    "utils.time": f"{_UTILS}.time:",
    "utils.validation": f"{_UTILS}.validation:",
}


def home_of(name: str) -> str | None:
    """Where the module or name is that MLflow has as ``mlflow.<name>``; None if it is not in the table."""
    home = HOMES.get(name)
    return home if home is None or ":" in home else f"{home}:{name.rpartition('.')[2]}"


def homes_in(module: str) -> dict[str, str]:
    """What the table has directly in a module: each name with its home."""
    return _by_module().get(module, {})


@cache
def _by_module() -> dict[str, dict[str, str]]:
    """What `homes_in` gives, for each module of the table."""
    found: dict[str, dict[str, str]] = {}
    for name, home in HOMES.items():
        module, _, last = name.rpartition(".")
        found.setdefault(module, {})[last] = home
        while module:
            home = f"runyard.{module}:"
            module, _, last = module.rpartition(".")
            found.setdefault(module, {})[last] = home
    return found
