"""Parts of MLflow that this version does not have, each with what to do meanwhile."""

_WEBHOOKS = "webhooks come in a later version. Poll the history of moves (search_registered_model_moves) meanwhile."
_FLAVORS = (
    "its flavor is not offered. A model with the methods of scikit-learn is stored by sklearn.log_model; any other one "
    "by pyfunc.log_model, as a PythonModel that loads it."
)
_DATA = "it is not offered yet. Convert the data with to_pandas() and describe it with data.from_pandas."
_DATABRICKS = "it stands for a service of Databricks. Name what the model needs in pip_requirements or in its metadata."
INTERNAL = "it is internal to MLflow. Use the standard library, or the functions and the client of this package."
_TRACES = "traces and GenAI are not offered. Log what you need as params, tags, tables or artifacts."
_ENTITIES = "it belongs to parts of MLflow that are not offered. Runs, models, versions and datasets are."
_SOURCES = (
    "sources are made from addresses. Pass the address as source, or add a kind of your own to "
    "data.dataset_source_registry."
)
_PLUGINS = "MLflow's stores and their plug-ins have no place in it. Use the client (MlflowClient) instead."
_PROTOS = "error codes are texts in it, such as 'INVALID_PARAMETER_VALUE', and entities are plain objects."
_TEXTS = (
    "it judges what language models write, which Runyard does not evaluate. Compute it in a function of your own, and "
    "pass that to make_metric."
)
_WORKSPACES = "workspaces are not offered. Use one server, or one database, for each team."

REASONS: dict[str, str] = {
    **dict.fromkeys(
        (
            "diviner",
            "fastai",
            "h2o",
            "import_checkpoints",
            "johnsnowlabs",
            "mleap",
            "paddle",
            "pmdarima",
        ),
        _FLAVORS,
    ),
    **dict.fromkeys(
        (
            "deployments",
            "gateway",
            "genai",
            "get_trace",
            "langchain",
            "load_prompt",
            "log_trace",
            "openai",
            "register_prompt",
            "search_prompts",
            "search_traces",
            "set_trace_tag",
            "start_span",
            "trace",
            "tracing",
            "update_current_trace",
        ),
        _TRACES,
    ),
    **dict.fromkeys(
        (
            "data.from_huggingface",
            "data.from_tensorflow",
            "data.load_delta",
            "data.huggingface_dataset",
            "data.tensorflow_dataset",
        ),
        _DATA,
    ),
    **dict.fromkeys(
        ("models.Resource", "models.ResourceType", "models.resources", "models.set_retriever_schema"), _DATABRICKS
    ),
    **dict.fromkeys(
        (
            "metrics.ari_grade_level",
            "metrics.bleu",
            "metrics.flesch_kincaid_grade_level",
            "metrics.genai",
            "metrics.rouge1",
            "metrics.rouge2",
            "metrics.rougeL",
            "metrics.rougeLsum",
            "metrics.token_count",
            "metrics.toxicity",
        ),
        _TEXTS,
    ),
    "login": "it signs in to Databricks. Credentials come from MLFLOW_TRACKING_TOKEN, or from MLFLOW_TRACKING_USERNAME "
    "and MLFLOW_TRACKING_PASSWORD.",
    "spark.autolog": "data that Spark reads is not watched. Trainings are, by pyspark.ml.autolog(); describe the data "
    "with data.from_spark.",
    "pyfunc.load_pyfunc": "it is the old name of pyfunc.load_model.",
    **dict.fromkeys(("create_workspace", "get_workspace", "list_workspaces", "set_workspace"), _WORKSPACES),
}

_PARTS = {
    "entities": _ENTITIES,
    "protos": _PROTOS,
    "store": _PLUGINS,
    "tracking._model_registry": _PLUGINS,
    "utils": INTERNAL,
}
"""Reasons for whatever is missing below a part, besides those of the parts that have one themselves."""

_ERROR_CODES = frozenset(
    "ABORTED ALREADY_EXISTS BAD_REQUEST CANCELLED CUSTOMER_UNAUTHORIZED DATA_LOSS DEADLINE_EXCEEDED ENDPOINT_NOT_FOUND "
    "FEATURE_DISABLED INTERNAL_ERROR INVALID_PARAMETER_VALUE INVALID_STATE NOT_FOUND NOT_IMPLEMENTED PERMISSION_DENIED "
    "REQUEST_LIMIT_EXCEEDED RESOURCE_ALREADY_EXISTS RESOURCE_CONFLICT RESOURCE_DOES_NOT_EXIST RESOURCE_EXHAUSTED "
    "TEMPORARILY_UNAVAILABLE UNAUTHENTICATED".split()
)

_WORDS = {
    "datasetsource": _SOURCES,
    "webhook": _WEBHOOKS,
    "workspace": _WORKSPACES,
    **dict.fromkeys(
        (
            *("agent", "assessment", "budget", "chat", "expectation", "feedback", "gateway", "guardrail", "issue"),
            *("mcp", "prompt", "scorer", "session", "span", "trace", "tracing"),
        ),
        _TRACES,
    ),
}
"""Reasons by words in names."""

_METHODS = {
    "webhook": _WEBHOOKS,
    "trace": _TRACES,
    "span": _TRACES,
    "prompt": _TRACES,
    "dataset": _TRACES,
    "mcp_": _TRACES,
    "workspace": _WORKSPACES,
}


def reason(name: str) -> str | None:
    """Why a name of MLflow's is missing, by its module or by its words; None if unknown."""
    last = name.rpartition(".")[2]
    if name in REASONS:
        return REASONS[name]
    if last in _ERROR_CODES:
        return f"error codes are texts in it. Write {last!r}."
    return next((why for word, why in _WORDS.items() if word in last.lower()), None)


def reason_of_part(name: str) -> str | None:
    """Why names of MLflow's are missing from the part that this one is below; None when nothing is known of it."""
    parts = name.split(".")
    places = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((why for place in places if (why := REASONS.get(place) or _PARTS.get(place))), None)


def reason_for_method(name: str) -> str | None:
    """Why the client lacks a method of MLflow's, as the words in its name tell; None for a name MLflow lacks too."""
    return next((reason for word, reason in _METHODS.items() if word in name and not name.startswith("_")), None)
