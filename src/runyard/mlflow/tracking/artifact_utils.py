"""``mlflow.tracking.artifact_utils``: addresses of artifacts, and downloading them."""

from runyard.artifacts.addresses import uri_joined
from runyard.client import RunyardClient
from runyard.fluent.artifacts import download_artifacts

__all__ = ["_download_artifact_from_uri", "get_artifact_uri"]


def get_artifact_uri(run_id: str, artifact_path: str | None = None, tracking_uri: str | None = None) -> str:
    """The address of a run's artifacts, or of one of them.

    Raises
    ------
    DoesNotExist: There is no such run.
    """
    root = RunyardClient(tracking_uri).get_run(run_id).info.artifact_uri or ""
    return uri_joined(root, artifact_path) if artifact_path else root


def _download_artifact_from_uri(
    artifact_uri: str,
    output_path: str | None = None,
    lineage_header_info: object = None,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
) -> str:
    """Download the artifact at an address; returns its local path."""
    return download_artifacts(artifact_uri, dst_path=output_path, tracking_uri=tracking_uri, registry_uri=registry_uri)
