"""The paths under which artifacts are transferred."""

PROXY_ROOTS = ("/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts")
OF_RUNS, OF_VERSIONS = "/get-artifact", "/model-versions/get-artifact"
UPLOAD_TO_RUN = "/ajax-api/2.0/mlflow/upload-artifact"
OF_MODELS = "/logged-models/{model_id}/artifacts/files"
"""Below `MODEL_ROOTS`."""
MODEL_ROOTS = ("/ajax-api/2.0/mlflow", "/ajax-api/3.0/mlflow")

_FIXED = frozenset((OF_RUNS, OF_VERSIONS, UPLOAD_TO_RUN))
_END_OF_MODELS = OF_MODELS.rpartition("}")[2]


def is_artifact(path: str) -> bool:
    """Whether a path, without the server's prefix, is one of these."""
    return path.startswith(PROXY_ROOTS) or path in _FIXED or path.endswith(_END_OF_MODELS)
