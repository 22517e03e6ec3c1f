"""Experiment tracking that speaks MLflow's protocol. ``import runyard as mlflow`` runs a training script unchanged.

Nothing heavy loads until a name is used: this table says where each lives.
"""

from runyard._lazy import on_first_use
from runyard._missing import register_mlflow

_PUBLIC = {
    "ActiveModel": "runyard.fluent.active_models",
    "ActiveRun": "runyard.fluent.active",
    "Image": "runyard.client.images",
    "MlflowClient": "runyard.client:RunyardClient",
    "MlflowException": "runyard.exceptions",
    "RunyardClient": "runyard.client",
    "RunyardException": "runyard.exceptions",
    "__version__": "runyard.version:COMPATIBLE",
    "active_run": "runyard.fluent.active",
    "artifacts": "runyard.artifacts:",
    "autolog": "runyard.autologging.everywhere",
    "clear_active_model": "runyard.fluent.active_models",
    "client": "runyard.client:",
    "config": "runyard.mlflow.config:",
    "create_experiment": "runyard.fluent.experiments",
    "create_external_model": "runyard.fluent.logged_models",
    "data": "runyard.data:",
    "delete_experiment": "runyard.fluent.experiments",
    "delete_experiment_tag": "runyard.fluent.experiments",
    "delete_logged_model_tag": "runyard.fluent.logged_models",
    "delete_run": "runyard.fluent.runs",
    "delete_tag": "runyard.fluent.values",
    "disable_system_metrics_logging": "runyard.system_metrics",
    "doctor": "runyard.fluent.doctor",
    "enable_system_metrics_logging": "runyard.system_metrics",
    "end_run": "runyard.fluent.active",
    "entities": "runyard.entities:",
    "environment_variables": "runyard.mlflow.environment_variables:",
    "evaluate": "runyard.evaluation.evaluating",
    "exceptions": "runyard.exceptions:",
    "finalize_logged_model": "runyard.fluent.logged_models",
    "flush_artifact_async_logging": "runyard.fluent.configure",
    "flush_async_logging": "runyard.fluent.configure",
    "get_active_model_id": "runyard.fluent.active_models",
    "get_artifact_uri": "runyard.fluent.files",
    "get_experiment": "runyard.fluent.experiments",
    "get_experiment_by_name": "runyard.fluent.experiments",
    "get_logged_model": "runyard.fluent.logged_models",
    "get_parent_run": "runyard.fluent.runs",
    "get_registry_uri": "runyard.core.tracking_uri",
    "get_run": "runyard.fluent.runs",
    "get_tracking_uri": "runyard.core.tracking_uri",
    "initialize_logged_model": "runyard.fluent.logged_models",
    "is_tracking_uri_set": "runyard.core.tracking_uri",
    "last_active_run": "runyard.fluent.active",
    "last_logged_model": "runyard.fluent.logged_models",
    "load_table": "runyard.fluent.files",
    "log_artifact": "runyard.fluent.files",
    "log_artifacts": "runyard.fluent.files",
    "log_dict": "runyard.fluent.files",
    "log_figure": "runyard.fluent.files",
    "log_image": "runyard.fluent.files",
    "log_input": "runyard.fluent.values",
    "log_inputs": "runyard.fluent.values",
    "log_metric": "runyard.fluent.values",
    "log_metrics": "runyard.fluent.values",
    "log_model_params": "runyard.fluent.logged_models",
    "log_outputs": "runyard.fluent.logged_models",
    "log_param": "runyard.fluent.values",
    "log_params": "runyard.fluent.values",
    "log_table": "runyard.fluent.files",
    "log_text": "runyard.fluent.files",
    "metrics": "runyard.metrics:",
    "models": "runyard.models:",
    "projects": "runyard.projects:",
    "register_model": "runyard.fluent.registry",
    "restore_experiment": "runyard.fluent.experiments",
    "restore_run": "runyard.fluent.runs",
    "pyfunc": "runyard.pyfunc:",
    "run": "runyard.projects.running",
    "search_experiments": "runyard.fluent.experiments",
    "search_logged_models": "runyard.fluent.logged_models",
    "search_model_versions": "runyard.fluent.registry",
    "search_registered_models": "runyard.fluent.registry",
    "search_runs": "runyard.fluent.search",
    "set_active_model": "runyard.fluent.active_models",
    "set_experiment": "runyard.fluent.experiments",
    "set_experiment_tag": "runyard.fluent.experiments",
    "set_experiment_tags": "runyard.fluent.experiments",
    "set_logged_model_tags": "runyard.fluent.logged_models",
    "set_model_version_tag": "runyard.fluent.registry",
    "set_registry_uri": "runyard.core.tracking_uri",
    "set_system_metrics_node_id": "runyard.system_metrics",
    "set_system_metrics_samples_before_logging": "runyard.system_metrics",
    "set_system_metrics_sampling_interval": "runyard.system_metrics",
    "set_tag": "runyard.fluent.values",
    "set_tags": "runyard.fluent.values",
    "set_tracking_uri": "runyard.core.tracking_uri",
    "sklearn": "runyard.sklearn:",
    "start_run": "runyard.fluent.active",
    "system_metrics": "runyard.system_metrics:",
    "tracking": "runyard.tracking:",
    "types": "runyard.types:",
    "utils": "runyard.utils:",
    "validate_evaluation_results": "runyard.evaluation.thresholds",
    "version": "runyard.version:",
}

TYPE_CHECKING = False  # type checkers take the name for true; importing typing would be most of the cost
if TYPE_CHECKING:
    from runyard import artifacts as artifacts
    from runyard import client as client
    from runyard import data as data
    from runyard import entities as entities
    from runyard import exceptions as exceptions
    from runyard import models as models
    from runyard import projects as projects
    from runyard import sklearn as sklearn
    from runyard import system_metrics as system_metrics
    from runyard import tracking as tracking
    from runyard import version as version
    from runyard._missing import Mlflow
    from runyard.autologging.everywhere import autolog as autolog
    from runyard.client import MlflowClient as MlflowClient
    from runyard.client import RunyardClient as RunyardClient
    from runyard.client.images import Image as Image
    from runyard.core.tracking_uri import get_registry_uri as get_registry_uri
    from runyard.core.tracking_uri import get_tracking_uri as get_tracking_uri
    from runyard.core.tracking_uri import is_tracking_uri_set as is_tracking_uri_set
    from runyard.core.tracking_uri import set_registry_uri as set_registry_uri
    from runyard.core.tracking_uri import set_tracking_uri as set_tracking_uri
    from runyard.exceptions import MlflowException as MlflowException
    from runyard.exceptions import RunyardException as RunyardException
    from runyard.fluent.active import ActiveRun as ActiveRun
    from runyard.fluent.active import active_run as active_run
    from runyard.fluent.active import end_run as end_run
    from runyard.fluent.active import last_active_run as last_active_run
    from runyard.fluent.active import start_run as start_run
    from runyard.fluent.active_models import ActiveModel as ActiveModel
    from runyard.fluent.active_models import clear_active_model as clear_active_model
    from runyard.fluent.active_models import get_active_model_id as get_active_model_id
    from runyard.fluent.active_models import set_active_model as set_active_model
    from runyard.fluent.configure import flush_artifact_async_logging as flush_artifact_async_logging
    from runyard.fluent.configure import flush_async_logging as flush_async_logging
    from runyard.fluent.doctor import doctor as doctor
    from runyard.fluent.experiments import create_experiment as create_experiment
    from runyard.fluent.experiments import delete_experiment as delete_experiment
    from runyard.fluent.experiments import delete_experiment_tag as delete_experiment_tag
    from runyard.fluent.experiments import get_experiment as get_experiment
    from runyard.fluent.experiments import get_experiment_by_name as get_experiment_by_name
    from runyard.fluent.experiments import restore_experiment as restore_experiment
    from runyard.fluent.experiments import search_experiments as search_experiments
    from runyard.fluent.experiments import set_experiment as set_experiment
    from runyard.fluent.experiments import set_experiment_tag as set_experiment_tag
    from runyard.fluent.experiments import set_experiment_tags as set_experiment_tags
    from runyard.fluent.files import get_artifact_uri as get_artifact_uri
    from runyard.fluent.files import load_table as load_table
    from runyard.fluent.files import log_artifact as log_artifact
    from runyard.fluent.files import log_artifacts as log_artifacts
    from runyard.fluent.files import log_dict as log_dict
    from runyard.fluent.files import log_figure as log_figure
    from runyard.fluent.files import log_image as log_image
    from runyard.fluent.files import log_table as log_table
    from runyard.fluent.files import log_text as log_text
    from runyard.fluent.logged_models import create_external_model as create_external_model
    from runyard.fluent.logged_models import delete_logged_model_tag as delete_logged_model_tag
    from runyard.fluent.logged_models import finalize_logged_model as finalize_logged_model
    from runyard.fluent.logged_models import get_logged_model as get_logged_model
    from runyard.fluent.logged_models import initialize_logged_model as initialize_logged_model
    from runyard.fluent.logged_models import last_logged_model as last_logged_model
    from runyard.fluent.logged_models import log_model_params as log_model_params
    from runyard.fluent.logged_models import log_outputs as log_outputs
    from runyard.fluent.logged_models import search_logged_models as search_logged_models
    from runyard.fluent.logged_models import set_logged_model_tags as set_logged_model_tags
    from runyard.fluent.registry import register_model as register_model
    from runyard.fluent.registry import search_model_versions as search_model_versions
    from runyard.fluent.registry import search_registered_models as search_registered_models
    from runyard.fluent.registry import set_model_version_tag as set_model_version_tag
    from runyard.fluent.runs import delete_run as delete_run
    from runyard.fluent.runs import get_parent_run as get_parent_run
    from runyard.fluent.runs import get_run as get_run
    from runyard.fluent.runs import restore_run as restore_run
    from runyard.fluent.search import search_runs as search_runs
    from runyard.fluent.values import delete_tag as delete_tag
    from runyard.fluent.values import log_input as log_input
    from runyard.fluent.values import log_inputs as log_inputs
    from runyard.fluent.values import log_metric as log_metric
    from runyard.fluent.values import log_metrics as log_metrics
    from runyard.fluent.values import log_param as log_param
    from runyard.fluent.values import log_params as log_params
    from runyard.fluent.values import set_tag as set_tag
    from runyard.fluent.values import set_tags as set_tags
    from runyard.mlflow import config as config
    from runyard.mlflow import environment_variables as environment_variables
    from runyard.mlflow import utils as utils
    from runyard.projects.running import run as run
    from runyard.system_metrics import disable_system_metrics_logging as disable_system_metrics_logging
    from runyard.system_metrics import enable_system_metrics_logging as enable_system_metrics_logging
    from runyard.system_metrics import set_system_metrics_node_id as set_system_metrics_node_id
    from runyard.system_metrics import (
        set_system_metrics_samples_before_logging as set_system_metrics_samples_before_logging,
    )
    from runyard.system_metrics import set_system_metrics_sampling_interval as set_system_metrics_sampling_interval

    __version__: str


def _mlflow() -> "Mlflow":
    from runyard import mlflow  # noqa: PLC0415  (only when a name is missing below)

    return mlflow


register_mlflow(_mlflow)
__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = [name for name in _PUBLIC if not name.startswith("_")]
