"""Experiment tracking that speaks MLflow's protocol. ``import runyard as mlflow`` runs a training script unchanged.

Nothing heavy loads until a name is used: this table says where each lives.
"""

from typing import TYPE_CHECKING

from runyard._lazy import on_first_use

_PUBLIC = {
    "ActiveRun": "runyard.fluent.active",
    "MlflowClient": "runyard.client:RunyardClient",
    "MlflowException": "runyard.exceptions",
    "RunyardClient": "runyard.client",
    "RunyardException": "runyard.exceptions",
    "__version__": "runyard.version",
    "active_run": "runyard.fluent.active",
    "artifacts": "runyard.artifacts:",
    "client": "runyard.client:",
    "config": "runyard.compat.config:",
    "create_experiment": "runyard.fluent.experiments",
    "data": "runyard.data:",
    "delete_experiment": "runyard.fluent.experiments",
    "delete_experiment_tag": "runyard.fluent.experiments",
    "delete_run": "runyard.fluent.runs",
    "delete_tag": "runyard.fluent.logging",
    "disable_system_metrics_logging": "runyard.system_metrics",
    "doctor": "runyard.doctor",
    "enable_system_metrics_logging": "runyard.system_metrics",
    "end_run": "runyard.fluent.active",
    "entities": "runyard.entities:",
    "environment_variables": "runyard.compat.environment_variables:",
    "exceptions": "runyard.exceptions:",
    "flush_artifact_async_logging": "runyard.fluent.configure",
    "flush_async_logging": "runyard.fluent.configure",
    "get_artifact_uri": "runyard.fluent.files",
    "get_experiment": "runyard.fluent.experiments",
    "get_experiment_by_name": "runyard.fluent.experiments",
    "get_parent_run": "runyard.fluent.runs",
    "get_registry_uri": "runyard.core.tracking_uri",
    "get_run": "runyard.fluent.runs",
    "get_tracking_uri": "runyard.core.tracking_uri",
    "is_tracking_uri_set": "runyard.core.tracking_uri",
    "last_active_run": "runyard.fluent.active",
    "load_table": "runyard.fluent.files",
    "log_artifact": "runyard.fluent.files",
    "log_artifacts": "runyard.fluent.files",
    "log_dict": "runyard.fluent.files",
    "log_figure": "runyard.fluent.files",
    "log_image": "runyard.fluent.files",
    "log_input": "runyard.fluent.logging",
    "log_inputs": "runyard.fluent.logging",
    "log_metric": "runyard.fluent.logging",
    "log_metrics": "runyard.fluent.logging",
    "log_param": "runyard.fluent.logging",
    "log_params": "runyard.fluent.logging",
    "log_table": "runyard.fluent.files",
    "log_text": "runyard.fluent.files",
    "restore_experiment": "runyard.fluent.experiments",
    "restore_run": "runyard.fluent.runs",
    "search_experiments": "runyard.fluent.experiments",
    "search_runs": "runyard.fluent.search",
    "set_experiment": "runyard.fluent.experiments",
    "set_experiment_tag": "runyard.fluent.experiments",
    "set_experiment_tags": "runyard.fluent.experiments",
    "set_registry_uri": "runyard.core.tracking_uri",
    "set_system_metrics_node_id": "runyard.system_metrics",
    "set_system_metrics_samples_before_logging": "runyard.system_metrics",
    "set_system_metrics_sampling_interval": "runyard.system_metrics",
    "set_tag": "runyard.fluent.logging",
    "set_tags": "runyard.fluent.logging",
    "set_tracking_uri": "runyard.core.tracking_uri",
    "start_run": "runyard.fluent.active",
    "system_metrics": "runyard.system_metrics:",
    "tracking": "runyard.tracking:",
    "utils": "runyard.compat.utils:",
    "version": "runyard.version:",
}

if TYPE_CHECKING:
    pass

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC, absent="runyard._absent")
__all__ = [name for name in _PUBLIC if not name.startswith("_")]
