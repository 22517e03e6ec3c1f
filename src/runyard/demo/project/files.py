"""What both programs of the demo do with a fitted model."""

import tempfile
from pathlib import Path

import joblib
import mlflow


def log_model_file(model: object) -> None:
    """Log a fitted scikit-learn model as a joblib file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.joblib")
        joblib.dump(model, path)
        mlflow.log_artifact(str(path), "model")
