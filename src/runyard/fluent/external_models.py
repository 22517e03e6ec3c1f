"""Models that are kept elsewhere: only an MLmodel file without flavors is stored."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from runyard.client import RunyardClient
from runyard.core.libraries import yaml
from runyard.core.tags import EXTERNAL_TAG
from runyard.tracking.logged_models.entities import LoggedModel
from runyard.version import VERSION


def store_description(client: RunyardClient, model: LoggedModel) -> None:
    """Store an MLmodel file without flavors: loading the model then fails with a clear error."""
    text = yaml.safe_dump(
        {
            "artifact_path": model.artifact_location,
            "flavors": {},
            "metadata": {EXTERNAL_TAG: True},
            "mlflow_version": VERSION,
            "model_id": model.model_id,
            "model_uuid": model.model_id,
            "prompts": None,
            **({"run_id": model.source_run_id} if model.source_run_id else {}),
            "utc_time_created": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        }
    )
    with tempfile.TemporaryDirectory(prefix="runyard-") as folder:
        path = Path(folder) / "MLmodel"
        path.write_text(text, encoding="utf-8")
        client.log_model_artifact(model.model_id, path)
