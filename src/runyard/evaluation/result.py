"""The result of an evaluation."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from runyard.evaluation import artifacts as kinds
from runyard.evaluation.artifacts import EvaluationArtifact, JsonEvaluationArtifact, is_file_name
from runyard.evaluation.metric import plain
from runyard.exceptions import InvalidParameter

_METRICS, _ARTIFACTS, _FOLDER = "metrics.json", "artifacts_metadata.json", "artifacts"
_MODULE = "mlflow.models.evaluation.artifacts"
TABLE = "eval_results_table"


class EvaluationResult:
    """The result of an evaluation.

    Parameters
    ----------
    metrics: Values by name.
    artifacts: Files by name.
    run_id: The run it was logged to.
    """

    def __init__(
        self, metrics: Mapping[str, Any], artifacts: Mapping[str, EvaluationArtifact], run_id: str | None = None
    ) -> None:
        self._metrics, self._artifacts, self._run_id = dict(metrics), dict(artifacts), run_id

    @property
    def metrics(self) -> dict[str, Any]:
        """Values by name."""
        return self._metrics

    @property
    def artifacts(self) -> dict[str, EvaluationArtifact]:
        """Files by name."""
        return self._artifacts

    @property
    def run_id(self) -> str | None:
        """The run it was logged to."""
        return self._run_id

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables among the files, such as each row's scores."""
        found = self._artifacts.get(TABLE)
        if not isinstance(found, JsonEvaluationArtifact) or not found.content:
            return {}
        return {TABLE: pd.DataFrame(found.content["data"], columns=found.content["columns"])}

    def save(self, path: str) -> None:
        """Write it to a folder, from which `load` reads it. The layout is MLflow's.

        Parameters
        ----------
        path: The folder; created if it does not exist.
        """
        folder = Path(path)
        (folder / _FOLDER).mkdir(parents=True, exist_ok=True)
        numbers = {name: plain(value) for name, value in self._metrics.items()}
        (folder / _METRICS).write_text(json.dumps(numbers), encoding="utf-8")
        described = {
            name: {"uri": each.uri, "class_name": f"{_MODULE}.{type(each).__name__}"}
            for name, each in self._artifacts.items()
        }
        (folder / _ARTIFACTS).write_text(json.dumps(described), encoding="utf-8")
        for name, each in self._artifacts.items():
            each._save(folder / _FOLDER / f"{name}{each.file_extension}")

    @classmethod
    def load(cls, path: str) -> "EvaluationResult":
        """The result that `save` wrote, ours or MLflow's. Pickled artifacts run what they say: trust the folder.

        Parameters
        ----------
        path: The folder.

        Raises
        ------
        InvalidParameter: The folder does not hold one.
        """
        folder = Path(path)
        try:
            numbers = json.loads((folder / _METRICS).read_text(encoding="utf-8"))
            described = json.loads((folder / _ARTIFACTS).read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise InvalidParameter(f"{path} does not hold an evaluation's result: {problem}.") from problem
        return cls(numbers, {name: _read(name, each, folder / _FOLDER) for name, each in described.items()})


def _read(name: str, described: Mapping[str, str], folder: Path) -> EvaluationArtifact:
    kind = getattr(kinds, str(described.get("class_name")).rpartition(".")[2], None)
    if not is_file_name(name):
        raise InvalidParameter(f"The result names an artifact {name!r}, which cannot be the name of a file.")
    if not (isinstance(kind, type) and issubclass(kind, EvaluationArtifact)):
        raise InvalidParameter(f"The artifact {name!r} is of the unknown kind {described.get('class_name')!r}.")
    artifact = kind(described["uri"])
    artifact._load(folder / f"{name}{artifact.file_extension}")
    return artifact
