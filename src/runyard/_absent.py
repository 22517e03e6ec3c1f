"""Parts of MLflow that this version does not have, each with what to do meanwhile."""

_WEBHOOKS = "webhooks come in a later version. Poll the history of moves (search_registered_model_moves) meanwhile."
_MODELS = "saving and loading models comes in a later version. Save the model to a file and call log_artifact."
_TRACES = "traces and GenAI are not offered. Log what you need as params, tags, tables or artifacts."
_WORKSPACES = "workspaces are not offered. Use one server, or one database, for each team."

REASONS: dict[str, str] = {
    **dict.fromkeys(
        (
            "catboost",
            "import_checkpoints",
            "keras",
            "lightgbm",
            "onnx",
            "pytorch",
            "shap",
            "spark",
            "statsmodels",
            "tensorflow",
            "transformers",
            "xgboost",
        ),
        _MODELS,
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
