"""Example requests, one for each operation of the REST API, in an order in which each works after those before it.

They tell of a team that trains, compares and promotes a spam filter. `tests/docs/rest_examples.py` makes curl lines of
them, runs these, and keeps what is answered for the reference and for OpenAPI.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runyard.server.artifact_paths import MODEL_ROOTS, OF_MODELS, OF_RUNS, OF_VERSIONS, PROXY_ROOTS, UPLOAD_TO_RUN

FIRST_RUN = "3f6d1c0e9b5a4d7c8e2f1a0b9c8d7e6f"
"""The id of the run that a client names itself."""
DESTINATION = "s3://models/team"
"""Where the server of the story keeps artifacts."""
_PROXY = PROXY_ROOTS[0]
_OF_THE_RUN = "$EXPERIMENT_ID/$RUN_ID/artifacts"
_MORNING = 1764322200000


@dataclass(frozen=True)
class Step:
    """One request.

    Attributes
    ----------
    name: The operation, or the function that answers to a route of artifacts. Where a request is sent again, the first
        is the example.
    fields: What is sent; words with a dollar sign are variables of the shell.
    keeps: Variables that are taken from the answer, with their places in it.
    before: What the shell does before.
    """

    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    keeps: Mapping[str, str] = field(default_factory=dict)
    before: str = ""


@dataclass(frozen=True)
class FileStep(Step):
    """A request of a route of artifacts.

    Attributes
    ----------
    method: Its HTTP method.
    route: Its path as the server declares it.
    address: Its path in the example.
    query: What is sent in the address.
    body: What is sent as JSON.
    options: What curl is told beside: the file that it sends or writes.
    """

    method: str = "GET"
    route: str = ""
    address: str = ""
    options: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


_RUN = {"run_id": "$RUN_ID"}
_BOTH = {"run_ids": ["$RUN_ID", FIRST_RUN]}
_EXPERIMENT = {"experiment_id": "$EXPERIMENT_ID"}
_EXPERIMENTS = {"experiment_ids": ["$EXPERIMENT_ID"]}
_MODEL = {"model_id": "$MODEL_ID"}
_NAME = {"name": "spam-filter"}
_VERSION = {**_NAME, "version": "1"}

_TRAINING = [
    Step(
        "create_experiment",
        {"name": "spam", "tags": [{"key": "team", "value": "search"}]},
        {"EXPERIMENT_ID": "experiment_id"},
    ),
    Step("get_experiment", _EXPERIMENT),
    Step("get_experiment_by_name", {"experiment_name": "spam"}),
    Step("set_experiment_tag", {**_EXPERIMENT, "key": "stage", "value": "trial"}),
    Step("delete_experiment_tag", {**_EXPERIMENT, "key": "stage"}),
    Step(
        "create_run",
        {**_EXPERIMENT, "user_id": "ada", "run_name": "depth-3", "start_time": _MORNING},
        {"RUN_ID": "run.info.run_id"},
    ),
    Step("log_param", {**_RUN, "key": "depth", "value": "3"}),
    Step("log_metric", {**_RUN, "key": "loss", "value": 0.42, "timestamp": _MORNING + 1000, "step": 1}),
    Step(
        "log_batch",
        {
            **_RUN,
            "metrics": [
                {"key": "loss", "value": 0.31, "timestamp": _MORNING + 2000, "step": 2},
                {"key": "f1", "value": 0.9, "timestamp": _MORNING + 2000, "step": 2},
            ],
            "params": [{"key": "learning_rate", "value": "0.01"}],
            "tags": [{"key": "commit", "value": "0123abc"}],
        },
    ),
    Step("set_tag", {**_RUN, "key": "team", "value": "search"}),
    Step("delete_tag", {**_RUN, "key": "team"}),
    Step(
        "log_inputs",
        {
            **_RUN,
            "datasets": [
                {
                    "dataset": {
                        "name": "mails",
                        "digest": "8c2f4b1a",
                        "source_type": "http",
                        "source": '{"url": "https://data.example.com/mails.csv"}',
                    },
                    "tags": [{"key": "mlflow.data.context", "value": "train"}],
                }
            ],
        },
    ),
    Step("search_datasets", _EXPERIMENTS),
    Step(
        "start_run",
        {
            "run_id": FIRST_RUN,
            "experiment_name": "spam",
            "user_id": "ada",
            "run_name": "depth-5",
            "start_time": _MORNING - 60_000,
        },
    ),
    Step("update_run", {**_RUN, "status": "FINISHED", "end_time": _MORNING + 60_000}),
    Step("get_run", _RUN),
    Step("get_runs", _BOTH),
]

_FILES = [
    FileStep(
        "upload_stored",
        method="PUT",
        route=f"{_PROXY}/artifacts/{{path}}",
        address=f"{_PROXY}/artifacts/{_OF_THE_RUN}/model/weights.bin",
        options="-T weights.bin",
    ),
    FileStep(
        "upload_to_run",
        method="POST",
        route=UPLOAD_TO_RUN,
        address=UPLOAD_TO_RUN,
        query={"run_id": "$RUN_ID", "path": "report.md"},
        options="--data-binary @report.md",
    ),
    Step("list_artifacts", {**_RUN, "path": "model"}),
    FileStep(
        "list_stored",
        route=f"{_PROXY}/artifacts",
        address=f"{_PROXY}/artifacts",
        query={"path": _OF_THE_RUN},
    ),
    FileStep(
        "download_stored",
        route=f"{_PROXY}/artifacts/{{path}}",
        address=f"{_PROXY}/artifacts/{_OF_THE_RUN}/model/weights.bin",
        options="-o weights.copy",
    ),
    FileStep(
        "download_of_run",
        route=OF_RUNS,
        address=OF_RUNS,
        query={"run_id": "$RUN_ID", "path": "report.md"},
        options="-o report.copy",
    ),
    Step(
        "create_experiment",
        {"name": "mail/large", "artifact_location": f"{DESTINATION}/large"},
        {"S3_EXPERIMENT_ID": "experiment_id"},
    ),
    Step(
        "create_run",
        {"experiment_id": "$S3_EXPERIMENT_ID", "run_name": "depth-9", "start_time": _MORNING},
        {"S3_RUN_ID": "run.info.run_id"},
    ),
    Step(
        "create_presigned_upload_url",
        {"run_id": "$S3_RUN_ID", "path": "large.bin", "expiration": 900},
        {"UPLOAD_URL": "presigned_url"},
    ),
    Step(
        "create_presigned_download_url",
        {"run_id": "$S3_RUN_ID", "path": "large.bin", "expiration": 300},
        before='curl --fail-with-body -T large.bin "$UPLOAD_URL"\n',
    ),
    FileStep(
        "sign_download",
        route=f"{_PROXY}/presigned/{{path}}",
        address=f"{_PROXY}/presigned/{_OF_THE_RUN}/model/weights.bin",
    ),
    *(
        FileStep(
            "begin_upload",
            {"path": "large.bin", "num_parts": 1},
            keeps,
            method="POST",
            route=f"{_PROXY}/mpu/create/{{path}}",
            address=f"{_PROXY}/mpu/create/{_OF_THE_RUN}/model",
        )
        for keeps in (
            {"UPLOAD_ID": "upload_id", "PART_URL": "credentials.0.url"},
            {"OTHER_UPLOAD_ID": "upload_id"},
        )
    ),
    FileStep(
        "complete_upload",
        {"path": "large.bin", "upload_id": "$UPLOAD_ID", "parts": [{"part_number": 1, "etag": "$ETAG"}]},
        method="POST",
        route=f"{_PROXY}/mpu/complete/{{path}}",
        address=f"{_PROXY}/mpu/complete/{_OF_THE_RUN}/model",
        before='ETAG=$(curl --fail-with-body -D - -T large.bin "$PART_URL" |'
        " tr -d '\\r\"' | sed -n 's/^etag: //Ip')\n",
    ),
    FileStep(
        "abort_upload",
        {"path": "large.bin", "upload_id": "$OTHER_UPLOAD_ID"},
        method="POST",
        route=f"{_PROXY}/mpu/abort/{{path}}",
        address=f"{_PROXY}/mpu/abort/{_OF_THE_RUN}/model",
    ),
]

_COMPARING = [
    Step("search_runs", {**_EXPERIMENTS, "filter": "metrics.f1 > 0.8", "order_by": ["metrics.f1 DESC"]}),
    Step("count_runs", {**_EXPERIMENTS, "filter": 'params.depth = "3"'}),
    Step("describe_runs", _EXPERIMENTS),
    Step("group_runs", {**_EXPERIMENTS, "group_by": ["params.depth"], "metrics": ["f1"]}),
    Step("get_run_values", {**_EXPERIMENTS, "columns": ["params.depth", "metrics.f1", "status"]}),
    Step("search_run_tree", {**_EXPERIMENTS, "describe": True}),
    Step("measure_children", {"run_ids": [FIRST_RUN], "metric_keys": ["f1"]}),
    Step("find_run_ids", {**_EXPERIMENTS, "filter": "metrics.f1 > 0.8"}),
    Step("find_keys", {"text": "los"}),
    Step("complete_filter", {"filter": "metrics.f1 > 0.8 and par", "position": 24}),
    Step("explain_filter", {"filter": "metrics.f1 > 0.8"}),
    Step("get_metric_history", {**_RUN, "metric_key": "loss"}),
    Step("get_metric_history_bulk", {"run_id": ["$RUN_ID"], "metric_key": "loss"}),
    Step("get_metric_history_bulk_interval", {"run_ids": ["$RUN_ID"], "metric_key": "loss", "max_results": 100}),
    Step("get_metric_curves", {"run_ids": ["$RUN_ID"], "metric_key": "loss", "max_points": 100}),
    Step("get_mean_curves", {"groups": [["$RUN_ID"], [FIRST_RUN]], "metric_key": "loss", "max_points": 100}),
    Step("search_experiments", {"max_results": 100, "filter": 'name LIKE "sp%"'}),
    Step("list_experiment_folders", {"order_by": ["last_activity_time DESC"]}),
    Step("count_experiments", {"filter": 'tags.team = "search"'}),
    Step("summarize_experiments", _EXPERIMENTS),
    Step("search_everything", {"text": "spam"}),
    Step("tag_runs", {**_BOTH, "tags": [{"key": "checked", "value": "yes"}]}),
    Step("preview_run_names", {**_BOTH, "find": "depth", "replace": "trees"}),
    Step("rename_runs", {**_BOTH, "find": "depth", "replace": "trees"}, {"CHANGE_ID": "change_id"}),
    Step("get_run_change", {"change_id": "$CHANGE_ID"}),
    Step("undo_run_change", {"change_id": "$CHANGE_ID"}),
    Step("move_runs", {"run_ids": [FIRST_RUN], "experiment_id": "0"}),
    Step("create_selection", _BOTH, {"SELECTION_ID": "selection_id"}),
    Step("get_selection", {"selection_id": "$SELECTION_ID"}),
    Step(
        "note_origin",
        {
            **_RUN,
            "command": ["python", "train.py", "--depth", "4"],
            "folder": "/home/ada/spam",
            "python": "3.12.4",
            "packages": ["numpy==2.1.0", "scikit-learn==1.6.0"],
            "processor": "AMD EPYC 9654",
            "cores": 16,
        },
    ),
    Step("get_origin", _RUN),
    Step("get_origins", _BOTH),
    Step("beat", {"run_ids": ["$RUN_ID"]}),
    Step(
        "create_saved_view",
        {**_EXPERIMENT, "name": "best first", "query": "order=metrics.f1%20DESC"},
        {"VIEW_ID": "view_id"},
    ),
    Step("update_saved_view", {"view_id": "$VIEW_ID", "name": "best f1 first"}),
    Step("set_default_view", {**_EXPERIMENT, "view_id": "$VIEW_ID"}),
    Step("list_saved_views", _EXPERIMENT),
    Step("delete_saved_view", {"view_id": "$VIEW_ID"}),
]

_REGISTRY = [
    Step(
        "create_logged_model",
        {**_EXPERIMENT, "name": "trees", "model_type": "classifier", "source_run_id": "$RUN_ID"},
        {"MODEL_ID": "model.info.model_id"},
    ),
    Step("start_logged_model", {"model_id": f"m-{FIRST_RUN}", "experiment_name": "spam", "name": "linear"}),
    Step("log_logged_model_params", {**_MODEL, "params": [{"key": "depth", "value": "3"}]}),
    Step("set_logged_model_tags", {**_MODEL, "tags": [{"key": "team", "value": "search"}]}),
    Step("log_outputs", {**_RUN, "models": [{"model_id": "$MODEL_ID", "step": 2}]}),
    Step(
        "log_model",
        {
            **_RUN,
            "model_json": '{"run_id": "$RUN_ID", "artifact_path": "model", "flavors": {}, '
            '"utc_time_created": "2025-11-27 09:31:00"}',
        },
    ),
    FileStep(
        "upload_stored",
        method="PUT",
        route=f"{_PROXY}/artifacts/{{path}}",
        address=f"{_PROXY}/artifacts/$EXPERIMENT_ID/models/$MODEL_ID/artifacts/weights.bin",
        options="-T weights.bin",
    ),
    Step("finalize_logged_model", {**_MODEL, "status": "LOGGED_MODEL_READY"}),
    Step("get_logged_model", _MODEL),
    Step("list_logged_model_artifacts", _MODEL),
    FileStep(
        "download_of_model",
        route=MODEL_ROOTS[0] + OF_MODELS,
        address=MODEL_ROOTS[0] + OF_MODELS.replace("{model_id}", "$MODEL_ID"),
        query={"artifact_file_path": "weights.bin"},
        options="-o weights.copy",
    ),
    Step("search_logged_models", {**_EXPERIMENTS, "filter": 'name = "trees"'}),
    Step("create_registered_model", {**_NAME, "description": "Sorts out spam."}),
    Step("create_model_version", {**_NAME, "source": "runs:/$RUN_ID/model", "run_id": "$RUN_ID"}),
    Step("get_model_version", _VERSION),
    Step("get_model_version_download_uri", _VERSION),
    FileStep(
        "download_of_version",
        route=OF_VERSIONS,
        address=OF_VERSIONS,
        query={**_VERSION, "path": "weights.bin"},
        options="-o weights.copy",
    ),
    Step("update_model_version", {**_VERSION, "description": "Trained on the mails of 2025."}),
    Step("set_model_version_tag", {**_VERSION, "key": "checked", "value": "yes"}),
    Step("delete_model_version_tag", {**_VERSION, "key": "checked"}),
    Step(
        "promote_model_version",
        {
            **_VERSION,
            "alias": "champion",
            "condition": "metrics.f1 > 0.8 and metrics.f1 >= current.f1",
            "user_id": "ada",
            "reason": "The best so far",
            "fail": True,
        },
    ),
    Step("search_moves", _NAME),
    Step("describe_model_version", {**_NAME, "alias": "champion"}),
    Step("describe_model_versions", {"filter": 'name = "spam-filter"', "max_results": 10}),
    Step("set_registered_model_alias", {**_VERSION, "alias": "candidate"}),
    Step("get_model_version_by_alias", {**_NAME, "alias": "candidate"}),
    Step("delete_registered_model_alias", {**_NAME, "alias": "candidate"}),
    Step("transition_model_version_stage", {**_VERSION, "stage": "Staging"}),
    Step("get_latest_versions", {**_NAME, "stages": ["Staging"]}),
    Step("search_model_versions", {"filter": 'name = "spam-filter"', "order_by": ["version_number DESC"]}),
    Step("update_registered_model", {**_NAME, "description": "Sorts out spam and phishing."}),
    Step("set_registered_model_tag", {**_NAME, "key": "team", "value": "search"}),
    Step("get_registered_model", _NAME),
    Step("search_registered_models", {"filter": 'name LIKE "spam%"', "max_results": 10}),
    Step("delete_registered_model_tag", {**_NAME, "key": "team"}),
    Step("rename_registered_model", {**_NAME, "new_name": "mail-filter"}),
]

_CLEANING = [
    Step("delete_model_version", {"name": "mail-filter", "version": "1"}),
    Step("delete_registered_model", {"name": "mail-filter"}),
    Step("delete_logged_model_tag", {**_MODEL, "tag_key": "team"}),
    Step("delete_logged_model", _MODEL),
    Step("delete_runs", _BOTH),
    Step("list_run_deletions", _BOTH),
    Step("restore_runs", {"run_ids": ["$RUN_ID"]}),
    Step("remove_runs", {"run_ids": [FIRST_RUN]}),
    Step("delete_run", _RUN),
    Step("restore_run", _RUN),
    FileStep(
        "delete_stored",
        method="DELETE",
        route=f"{_PROXY}/artifacts/{{path}}",
        address=f"{_PROXY}/artifacts/{_OF_THE_RUN}/model/large.bin",
    ),
    Step("update_experiment", {**_EXPERIMENT, "new_name": "spam-2025"}),
    Step("delete_experiment", _EXPERIMENT),
    Step("restore_experiment", _EXPERIMENT),
    Step("delete_experiment", _EXPERIMENT),
    Step("remove_experiment", _EXPERIMENT),
]

STORY: tuple[Step, ...] = (*_TRAINING, *_FILES, *_COMPARING, *_REGISTRY, *_CLEANING)
