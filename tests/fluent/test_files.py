"""Artifacts through the module: storing, finding and reading them."""

import json
from pathlib import Path
from types import ModuleType

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from runyard.client.addresses import parent_and_name
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException


@pytest.fixture
def run_id(mlflow: ModuleType, tmp_path: Path) -> str:
    """A finished run with one artifact of each kind."""
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "deep.txt").write_text("deep")
    (tmp_path / "file.txt").write_text("file")
    figure = matplotlib.figure.Figure()
    figure.subplots().plot([1, 2])
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(tmp_path / "file.txt"))
        mlflow.log_artifact(tmp_path / "file.txt", "copies")
        mlflow.log_artifacts(str(folder), "tree")
        mlflow.log_text("some text", "texts/a.txt")
        mlflow.log_dict({"a": [1, 2]}, "a.json")
        mlflow.log_dict({"a": [1, 2]}, "a.yaml")
        mlflow.log_figure(figure, "figure.png")
        mlflow.log_image(Image.new("RGB", (4, 3)), "picture.png")
        mlflow.log_image(np.zeros((4, 3), dtype=np.uint8), key="seen", step=1)
        mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "table.json")
        mlflow.log_table(pd.DataFrame({"x": [3], "y": ["c"]}), "table.json")
    return str(run.info.run_id)


def names(mlflow: ModuleType, **where: str) -> set[str]:
    """The paths of what is listed."""
    return {entry.path for entry in mlflow.artifacts.list_artifacts(**where)}


def test_everything_is_where_it_was_put(mlflow: ModuleType, run_id: str) -> None:
    """Listed by run, folder by folder."""
    assert names(mlflow, run_id=run_id) >= {"file.txt", "copies", "tree", "texts", "a.json", "a.yaml", "picture.png"}
    assert {"tree/inner"} == names(mlflow, run_id=run_id, artifact_path="tree")
    assert {"texts/a.txt"} == names(mlflow, artifact_uri=f"runs:/{run_id}/texts")
    assert len(names(mlflow, run_id=run_id, artifact_path="images")) == 2


def test_artifacts_are_read_by_address(mlflow: ModuleType, run_id: str) -> None:
    """Text, JSON and pictures."""
    root = mlflow.get_run(run_id).info.artifact_uri

    assert mlflow.artifacts.load_text(f"runs:/{run_id}/tree/inner/deep.txt") == "deep"
    assert mlflow.artifacts.load_text(f"{root}/texts/a.txt") == "some text"
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/a.json") == {"a": [1, 2]}
    assert mlflow.artifacts.load_image(f"runs:/{run_id}/picture.png").size == (4, 3)


def test_what_is_not_json_and_what_is_not_a_picture_is_refused(mlflow: ModuleType, run_id: str) -> None:
    """The message names the address."""
    address = f"runs:/{run_id}/file.txt"

    with pytest.raises(InvalidParameter, match=f"{address} does not hold JSON"):
        mlflow.artifacts.load_dict(address)
    with pytest.raises(InvalidParameter, match=f"{address} is not a picture"):
        mlflow.artifacts.load_image(address)


def test_a_folder_is_downloaded_with_what_it_holds(mlflow: ModuleType, run_id: str, tmp_path: Path) -> None:
    """Into a folder that is made."""
    target = tmp_path / "new" / "place"
    local = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="tree", dst_path=str(target))

    assert Path(local) == target / "tree"
    assert (target / "tree" / "inner" / "deep.txt").read_text() == "deep"


@pytest.mark.parametrize(
    "where", [{"run_id": "{}", "artifact_path": "tree/inner"}, {"artifact_uri": "runs:/{}/tree/inner"}]
)
def test_only_the_last_part_of_a_path_is_made_below_the_target(
    mlflow: ModuleType, run_id: str, tmp_path: Path, where: dict[str, str]
) -> None:
    """As MLflow places it."""
    given = {name: text.format(run_id) for name, text in where.items()}
    local = mlflow.artifacts.download_artifacts(**given, dst_path=str(tmp_path / "out"))

    assert Path(local) == tmp_path / "out" / "inner"
    assert (tmp_path / "out" / "inner" / "deep.txt").read_text() == "deep"


def test_all_artifacts_of_a_run_are_downloaded(mlflow: ModuleType, run_id: str, tmp_path: Path) -> None:
    """Without a path."""
    local = Path(mlflow.artifacts.download_artifacts(f"runs:/{run_id}", dst_path=str(tmp_path / "all")))

    assert json.loads((local / "a.json").read_text()) == {"a": [1, 2]}


def test_an_artifact_that_is_not_there_cannot_be_downloaded(mlflow: ModuleType, run_id: str, tmp_path: Path) -> None:
    """The error names it."""
    with pytest.raises(DoesNotExist, match="missing"):
        mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="missing", dst_path=str(tmp_path / "out"))


@pytest.mark.parametrize(
    "given", [{}, {"artifact_uri": "/a", "run_id": "b"}, {"artifact_uri": "/a", "artifact_path": "b"}]
)
def test_an_artifact_is_named_by_address_or_by_run(mlflow: ModuleType, given: dict[str, str]) -> None:
    """Neither, both, and a path beside an address are refused."""
    with pytest.raises(InvalidParameter):
        mlflow.artifacts.download_artifacts(**given)
    with pytest.raises(InvalidParameter):
        mlflow.artifacts.list_artifacts(**given)


def test_tables_of_several_runs_are_loaded_together(mlflow: ModuleType, run_id: str) -> None:
    """Rows appended by a second call are there; extra columns tell whose they are."""
    table = mlflow.load_table("table.json", extra_columns=["run_id"])

    assert list(table["x"]) == [1, 2, 3]
    assert set(table["run_id"]) == {run_id}
    assert len(mlflow.load_table("table.json", run_ids=[run_id])) == 3


def test_the_address_of_an_artifact_is_below_the_runs(mlflow: ModuleType) -> None:
    """With and without a path."""
    with mlflow.start_run() as run:
        assert mlflow.get_artifact_uri() == run.info.artifact_uri
        assert mlflow.get_artifact_uri("a/b.txt") == f"{run.info.artifact_uri}/a/b.txt"
        with pytest.raises(RunyardException, match=r"\.\."):
            mlflow.get_artifact_uri("../other")


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("/tmp/a/b", ("/tmp/a", "b")),
        ("file:///tmp/a/b", ("file:///tmp/a", "b")),
        ("mlflow-artifacts:/1/x/artifacts/m", ("mlflow-artifacts:/1/x/artifacts", "m")),
        ("s3://bucket/a#/b?100%", ("s3://bucket/a#", "b?100%")),
        ("mlflow-artifacts:/1/a%23/b%3F", ("mlflow-artifacts:/1/a%23", "b?")),
        ("s3://bucket", ("s3://bucket", "")),
        ("mlflow-artifacts:/1", ("mlflow-artifacts:/1", "")),
    ],
)
def test_an_address_is_split_into_folder_and_name(uri: str, parts: tuple[str, str]) -> None:
    """A root has no name."""
    assert parts == parent_and_name(uri)
