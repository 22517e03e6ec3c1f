"""The paths under which artifacts are transferred."""

import re
from urllib.parse import parse_qs

PROXY_ROOTS = ("/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts")
OF_RUNS, OF_VERSIONS = "/get-artifact", "/model-versions/get-artifact"
UPLOAD_TO_RUN = "/ajax-api/2.0/mlflow/upload-artifact"
OF_MODELS = "/logged-models/{model_id}/artifacts/files"
"""Below `MODEL_ROOTS`."""
MODEL_ROOTS = ("/ajax-api/2.0/mlflow", "/ajax-api/3.0/mlflow")

_FIXED = frozenset((OF_RUNS, OF_VERSIONS, UPLOAD_TO_RUN))
_END_OF_MODELS = OF_MODELS.rpartition("}")[2]


_OF_A_RUN = re.compile(r"/mlflow-artifacts/(?:artifacts|mpu/complete)/(?:[^/]+/)*?([0-9a-f]{32})/artifacts/")


def written_run(method: str, path: str, query: bytes) -> str | None:
    """The run among whose artifacts a request stores or removes a file; None when it does not."""
    if method in ("PUT", "DELETE", "POST") and (found := _OF_A_RUN.search(path)):
        return found[1]
    if method == "POST" and path.endswith(UPLOAD_TO_RUN):
        named = parse_qs(query.decode("latin-1"))
        return next((named[name][0] for name in ("run_id", "run_uuid") if name in named), None)
    return None


def is_artifact(path: str) -> bool:
    """Whether a path, without the server's prefix, is one of these."""
    return path.startswith(PROXY_ROOTS) or path in _FIXED or path.endswith(_END_OF_MODELS)
