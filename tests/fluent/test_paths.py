"""Path objects wherever a path is taken."""

from collections.abc import Callable, Iterator
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from types import ModuleType

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from runyard.exceptions import InvalidParameter


class Spelled:
    """A path object of another library."""

    def __init__(self, *parts: str) -> None:
        self._path = "/".join(parts)

    def __fspath__(self) -> str:
        return self._path


@pytest.fixture
def run_id(mlflow: ModuleType) -> Iterator[str]:
    """An open run."""
    with mlflow.start_run() as run:
        yield run.info.run_id


@pytest.mark.parametrize("kind", [PurePosixPath, PureWindowsPath, Path, Spelled])
def test_artifacts_are_addressed_by_path_objects(
    kind: Callable[..., PurePath], mlflow: ModuleType, run_id: str, tmp_path: Path
) -> None:
    """Callbacks of other libraries pass what pathlib gives them; on Windows its paths have backslashes."""
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "f.txt").write_text("x")
    client, artifacts, folder = mlflow.MlflowClient(), mlflow.artifacts, kind("a", "b=0")
    mlflow.log_artifact(tmp_path / "made" / "f.txt", folder)
    mlflow.log_artifacts(tmp_path / "made", kind("all"))
    mlflow.log_text("x", kind("a", "b=0", "t.txt"))
    mlflow.log_dict({"a": 1}, kind("a", "b=0", "d.json"))
    mlflow.log_image(np.zeros((2, 2), dtype=np.uint8), kind("a", "b=0", "i.png"))
    mlflow.log_table({"a": [1]}, kind("a", "b=0", "rows.json"))

    names = ["d.json", "f.txt", "i.png", "rows.json", "t.txt"]
    assert [f"a/b=0/{name}" for name in names] == [file.path for file in client.list_artifacts(run_id, folder)]
    assert ["all/f.txt"] == [file.path for file in artifacts.list_artifacts(run_id=run_id, artifact_path=kind("all"))]
    assert mlflow.get_artifact_uri(folder) == mlflow.get_artifact_uri("a/b=0")
    assert [1] == list(mlflow.load_table(kind("a", "b=0", "rows.json"))["a"])
    for got in (
        client.download_artifacts(run_id, kind("a", "b=0", "t.txt"), tmp_path / "one"),
        artifacts.download_artifacts(run_id=run_id, artifact_path=kind("all", "f.txt"), dst_path=tmp_path / "two"),
    ):
        assert "x" == Path(got).read_text()


def test_models_and_experiments_are_named_by_path_objects(mlflow: ModuleType, run_id: str, tmp_path: Path) -> None:
    """Folders to save to and load from, files of requirements, and where artifacts go."""
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    (tmp_path / "requirements.txt").write_text("numpy\n")
    mlflow.sklearn.save_model(model, tmp_path / "saved", pip_requirements=tmp_path / "requirements.txt")
    logged = mlflow.sklearn.log_model(model, name=PurePosixPath("fitted"), pip_requirements=["numpy"])
    mlflow.models.set_signature(tmp_path / "saved", mlflow.models.infer_signature(np.zeros((1, 1))))
    experiment = mlflow.create_experiment("placed", artifact_location=tmp_path / "place")

    assert mlflow.models.get_model_info(tmp_path / "saved").signature is not None
    assert 1.0 == mlflow.pyfunc.load_model(tmp_path / "saved").predict(np.array([[1.0]]))[0].round(6)
    assert "fitted" == mlflow.get_logged_model(logged.model_id).name
    assert str(tmp_path / "place") == mlflow.get_experiment(experiment).artifact_location


@pytest.mark.parametrize("wrong", [5, b"x", ["a"]])
def test_what_is_not_a_path_is_refused(wrong: object, mlflow: ModuleType, run_id: str, tmp_path: Path) -> None:
    """By name and kind, and not with an error of the standard library."""
    (tmp_path / "f.txt").write_text("x")
    with pytest.raises(InvalidParameter, match=type(wrong).__name__):
        mlflow.log_artifact(tmp_path / "f.txt", wrong)
    with pytest.raises(InvalidParameter, match=type(wrong).__name__):
        mlflow.log_text("x", wrong)
    with pytest.raises(InvalidParameter, match=type(wrong).__name__):
        mlflow.log_artifact(wrong)
    with pytest.raises(InvalidParameter, match=type(wrong).__name__):
        mlflow.log_artifacts(wrong)
    with pytest.raises(InvalidParameter, match=type(wrong).__name__):
        mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=wrong)


@pytest.mark.parametrize(
    ("path", "kept"), [("./a.txt", "a.txt"), ("d/../b.txt", "b.txt"), ("d//e/./c.txt", "d/e/c.txt")]
)
def test_paths_of_files_are_normalised(path: str, kept: str, mlflow: ModuleType, run_id: str) -> None:
    """As MLflow does; scripts join them from what they have."""
    mlflow.log_text("x", path)
    mlflow.log_dict({}, f"{path}.json")
    mlflow.log_table({"a": [1]}, f"{path}.rows.json")

    for ending in ("", ".json", ".rows.json"):
        assert mlflow.artifacts.load_text(f"runs:/{run_id}/{kept}{ending}")
    assert mlflow.get_artifact_uri(f"/{kept}") == mlflow.get_artifact_uri(kept)
    assert mlflow.get_artifact_uri(path) == mlflow.get_artifact_uri(kept)
    client = mlflow.MlflowClient()
    assert Path(client.download_artifacts(run_id, path)).read_text() == "x"
    client.log_artifact(run_id, client.download_artifacts(run_id, path), f"{path}.d")
    assert client.list_artifacts(run_id, f"{path}.d") == client.list_artifacts(run_id, f"{kept}.d") != []


@pytest.mark.parametrize("path", ["../x", "d/../../x", "/x", "..", "d/..", "\\x", ""])
def test_paths_that_lead_out_stay_refused(path: str, mlflow: ModuleType, run_id: str) -> None:
    """Nothing is written beside the run's own files."""
    for log in (mlflow.log_text, mlflow.log_dict):
        with pytest.raises(InvalidParameter):
            log("x", path)
