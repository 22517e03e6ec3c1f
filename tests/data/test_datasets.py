"""Datasets: names, sources, and what a run stores of them."""

import http.server
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import runyard.data
from runyard.data.code_dataset_source import CodeDatasetSource
from runyard.data.http_dataset_source import HTTPDatasetSource
from runyard.data.meta_dataset import MetaDataset
from runyard.entities import DatasetInput
from runyard.exceptions import InvalidParameter, RunyardException

TABLE = pd.DataFrame({"x": [1, 2], "y": ["a", "b"]})


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        ("data/x.csv", "local", '{"uri": "data/x.csv"}'),
        (Path("data/x.csv"), "local", '{"uri": "data/x.csv"}'),
        ("file:///tmp/x.csv", "local", '{"uri": "file:///tmp/x.csv"}'),
        ("https://example.org/x.csv", "http", '{"url": "https://example.org/x.csv"}'),
        ("s3://bucket/x.csv", "s3", '{"uri": "s3://bucket/x.csv"}'),
        ("gs://bucket/x.csv", "gs", '{"uri": "gs://bucket/x.csv"}'),
    ],
)
def test_a_path_or_address_becomes_a_source_of_its_kind(source: str | Path, kind: str, text: str) -> None:
    """The kind and its JSON are what the server stores."""
    stored = runyard.data.from_pandas(TABLE, source=source)._to_mlflow_entity()

    assert (kind, text) == (stored.source_type, stored.source)


def test_without_a_source_the_running_program_is_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that one can tell later which script made the data."""
    monkeypatch.setattr("sys.argv", ["train.py"])

    source = runyard.data.from_numpy(np.array([1])).source

    assert isinstance(source, CodeDatasetSource)
    assert source.to_dict()["tags"]["mlflow.source.name"] == "train.py"


@pytest.mark.parametrize("source", [5, "runs:/abc/x", "sqlite:///x"])
def test_a_source_that_means_nothing_is_refused(source: object) -> None:
    """The message shows it."""
    with pytest.raises(InvalidParameter, match="Invalid dataset source"):
        runyard.data.from_pandas(TABLE, source=source)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["targets", "predictions"])
def test_a_column_that_is_not_there_is_refused(role: str) -> None:
    """A typo shows at once, with the columns there are."""
    with pytest.raises(InvalidParameter, match=rf"no column 'z' to take as {role}, only \['x', 'y'\]"):
        runyard.data.from_pandas(TABLE, **{role: "z"})


def test_name_and_digest_can_be_given() -> None:
    """Both win over what would be derived."""
    dataset = runyard.data.from_pandas(TABLE, name="orders", digest="v7", targets="y")

    assert ("orders", "v7", "y") == (dataset.name, dataset.digest, dataset.targets)
    assert json.loads(dataset.to_json())["profile"] == '{"num_rows": 2, "num_elements": 4}'


def test_the_source_of_a_stored_dataset_comes_back() -> None:
    """From what a run reports one gets to the data."""
    dataset = runyard.data.from_pandas(TABLE, source="https://example.org/x.csv")
    stored = dataset._to_mlflow_entity()

    assert runyard.data.get_source(dataset) is dataset.source
    for form in (stored, DatasetInput(stored, [])):
        source = runyard.data.get_source(form)
        assert isinstance(source, HTTPDatasetSource)
        assert source.url == "https://example.org/x.csv"


def test_what_is_not_a_dataset_has_no_source() -> None:
    """The message says what to give."""
    with pytest.raises(InvalidParameter, match="5 is not a dataset"):
        runyard.data.get_source(5)  # type: ignore[arg-type]


def test_a_dataset_can_be_described_without_loading_it() -> None:
    """Its digest is MLflow's: that of its description."""
    dataset = MetaDataset(HTTPDatasetSource("https://x/y.csv"), name="nn")

    assert dataset.to_dict() == {
        "name": "nn",
        "digest": "8345fda9",
        "source": '{"url": "https://x/y.csv"}',
        "source_type": "http",
    }


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a web server with one file."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "x.csv").write_text("a,b\n1,2\n")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_source_on_the_web_is_downloaded(web: str, tmp_path: Path) -> None:
    """The file keeps its name."""
    loaded = HTTPDatasetSource(f"{web}/x.csv").load(str(tmp_path))

    assert Path(loaded) == tmp_path / "x.csv"
    assert Path(loaded).read_text() == "a,b\n1,2\n"


def test_an_error_of_the_web_server_is_reported(web: str) -> None:
    """No page that says 'not found' is taken for data."""
    with pytest.raises(RunyardException, match="answered with status 404"):
        HTTPDatasetSource(f"{web}/missing.csv").load()


def test_a_local_source_loads_to_its_path(tmp_path: Path) -> None:
    """Nothing is copied unless asked for."""
    file = tmp_path / "x.csv"
    file.write_text("1")
    source = runyard.data.from_pandas(TABLE, source=str(file)).source

    assert source.load() == str(file)
