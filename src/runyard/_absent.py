"""Parts of MLflow that this version does not have, each with what to do meanwhile."""

_WEBHOOKS = "webhooks come in a later version. Poll the history of moves (search_registered_model_moves) meanwhile."
_FLAVORS = (
    "its flavor comes in a later version. A model with the methods of scikit-learn, such as XGBClassifier, is stored "
    "by sklearn.log_model; any other one by pyfunc.log_model, as a PythonModel that loads it."
)
_DATA = "it is not offered yet. Convert the data with to_pandas() and describe it with data.from_pandas."
_DATABRICKS = "it stands for a service of Databricks. Name what the model needs in pip_requirements or in its metadata."
INTERNAL = "it is internal to MLflow. Use the standard library, or the functions and the client of this package."
_TRACES = "traces and GenAI are not offered. Log what you need as params, tags, tables or artifacts."
_WORKSPACES = "workspaces are not offered. Use one server, or one database, for each team."

REASONS: dict[str, str] = {
    **dict.fromkeys(
        (
            "catboost",
            "diviner",
            "fastai",
            "h2o",
            "import_checkpoints",
            "johnsnowlabs",
            "keras",
            "lightgbm",
            "mleap",
            "onnx",
            "paddle",
            "pmdarima",
            "prophet",
            "pyspark",
            "pytorch",
            "sentence_transformers",
            "shap",
            "spacy",
            "spark",
            "statsmodels",
            "tensorflow",
            "transformers",
            "xgboost",
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
            "data.from_spark",
            "data.from_tensorflow",
            "data.load_delta",
            "data.spark_dataset",
            "data.huggingface_dataset",
            "data.tensorflow_dataset",
        ),
        _DATA,
    ),
    **dict.fromkeys(("models.resources", "models.set_retriever_schema"), _DATABRICKS),
    **dict.fromkeys(("create_workspace", "get_workspace", "list_workspaces", "set_workspace"), _WORKSPACES),
}

_METHODS = {
    "webhook": _WEBHOOKS,
    "trace": _TRACES,
    "span": _TRACES,
    "prompt": _TRACES,
    "dataset": _TRACES,
    "mcp_": _TRACES,
    "workspace": _WORKSPACES,
}


def reason_for_method(name: str) -> str | None:
    """Why the client lacks a method of MLflow's, as the words in its name tell; None for a name MLflow lacks too."""
    return next((reason for word, reason in _METHODS.items() if word in name and not name.startswith("_")), None)
