"""Folders of files are predicted for by two worker processes, and go on where they were interrupted."""

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import runyard
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.models import ModelSignature
from runyard.scoring.folder import predict_folder
from runyard.scoring.job import FileReport
from runyard.types import ColSpec, Schema
from tests.scoring.folders import a_model, an_input, failing_model
from tests.scoring.models import Counted

dask = importlib.import_module("dask")
distributed = importlib.import_module("distributed")  # before a test sets one of its settings: what was none is removed

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture(scope="module")
def cluster() -> Any:
    """Dask's scheduler with two worker processes, as its address."""
    two = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    with distributed.LocalCluster(**two, dashboard_address="127.0.0.1:0") as started:
        yield started.scheduler_address


@pytest.fixture
def score(cluster: str, store: Path) -> Any:
    """Predicts from ``in`` to ``out`` on the cluster."""
    return lambda model, **options: predict_folder(model, "in", "out", "dask", address=cluster, **options)


def test_each_file_gets_its_predictions_with_the_columns_that_are_kept(score: Any, store: Path) -> None:
    """In folders too, in the format of the input; rows stay in order, batch after batch."""
    frames = an_input(store / "in")

    scores = score(a_model(store), keep=["id"], batch_rows=7)

    assert (4, 0, 0, sum(map(len, frames.values()))) == (
        len(scores.done),
        len(scores.failed),
        scores.skipped,
        scores.rows,
    )
    for name, frame in frames.items():
        found = pd.read_parquet(store / "out" / name) if name.endswith("parquet") else pd.read_csv(store / "out" / name)
        assert ["id", "prediction"] == list(found.columns)
        assert frame["id"].tolist() == found["id"].tolist()
        assert np.allclose(2 * frame["a"] + frame["b"], found["prediction"])


def test_what_is_done_is_not_done_again(score: Any, store: Path) -> None:
    """Only files that are new or have changed, or whose predictions are gone."""
    an_input(store / "in")
    model = a_model(store)
    score(model)
    before = {path: path.stat().st_mtime_ns for path in (store / "out").rglob("*.parquet")}

    (store / "in" / "part-1.parquet").write_bytes((store / "in" / "part-0.parquet").read_bytes())
    (store / "out" / "sub" / "rows.csv").unlink()
    scores = score(model)

    assert ["part-1.parquet", "sub/rows.csv"] == sorted(one.name for one in scores.done)
    assert 2 == scores.skipped
    assert before[store / "out" / "part-0.parquet"] == (store / "out" / "part-0.parquet").stat().st_mtime_ns
    assert 4 == len(score(model, restart=True).done)


def test_an_interrupted_run_goes_on(score: Any, store: Path) -> None:
    """What was done before stays done; what was half done leaves nothing behind."""
    an_input(store / "in")
    model = a_model(store)

    def stop(report: FileReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(model, on_file=stop)
    scores = score(model)

    assert 4 == scores.skipped + len(scores.done)
    assert scores.skipped >= 1
    assert {"job.json", "done"} == {path.name for path in (store / "out" / "_runyard").iterdir()}
    assert 4 == len([path for path in (store / "out").rglob("*") if path.suffix in (".parquet", ".csv")])


def test_a_file_that_fails_is_named_and_the_others_go_on(score: Any, store: Path) -> None:
    """A damaged file, rows that do not fit, a model that raises: each with its reason, and without a trace."""
    an_input(store / "in")
    (store / "in" / "broken.parquet").write_bytes(b"PAR1 and then nothing")
    pq.write_table(pa.table({"id": [1], "a": ["text"], "b": [1.0]}), store / "in" / "wrong.parquet")
    pq.write_table(pa.table({"id": [1], "a": [-1.0], "b": [1.0]}), store / "in" / "negative.parquet")

    scores = score(failing_model(store))

    reasons = {one.name: str(one.problem) for one in scores.failed}
    assert {"broken.parquet", "wrong.parquet", "negative.parquet"} == set(reasons)
    assert "Parquet" in reasons["broken.parquet"]
    assert "'a'" in reasons["wrong.parquet"]
    assert "ValueError: -1.0 is negative" == reasons["negative.parquet"]
    assert 4 == len(scores.done)
    assert not [path for path in (store / "out").rglob("*") if path.stem in reasons]


@pytest.mark.parametrize("here", [True, False], ids=["this machine", "cluster"])
def test_a_worker_that_dies_is_the_failure_of_its_file(here: bool, cluster: str, store: Path) -> None:
    """Others take its place, and the rest of the files are done, those too that waited at the worker that died."""
    an_input(store / "in")
    for name in ("a-deadly", "z-deadly"):
        pq.write_table(pa.table({"id": [1], "a": [666.0], "b": [1.0]}), store / "in" / f"{name}.parquet")

    address = None if here else cluster
    scores = predict_folder(failing_model(store), "in", "out", "dask", address=address, workers=2)

    assert ["a-deadly.parquet", "z-deadly.parquet"] == sorted(one.name for one in scores.failed)
    assert all("KilledWorker" in str(one.problem) for one in scores.failed)
    assert 4 == len(scores.done)


def test_a_worker_that_dask_gives_up_is_replaced(store: Path) -> None:
    """It closes one of this machine that is not back in time, which a busy machine cannot promise."""
    (store / "in").mkdir()
    pq.write_table(pa.table({"id": [1], "a": [666.0], "b": [1.0]}), store / "in" / "deadly.parquet")
    pq.write_table(pa.table({"id": [1], "a": [1.0], "b": [1.0]}), store / "in" / "fine.parquet")
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "0s"}):
        scores = predict_folder(failing_model(store), "in", "out", "dask", workers=1)

    assert (["deadly.parquet"], ["fine.parquet"]) == (
        [one.name for one in scores.failed],
        [one.name for one in scores.done],
    )


def test_a_process_loads_the_model_once(score: Any, store: Path) -> None:
    """Whatever the number of files."""
    (store / "in").mkdir()
    (store / "notes").mkdir()
    for place in range(20):
        pq.write_table(pa.table({"a": [1.0], "b": [2.0]}), store / "in" / f"{place}.parquet")
    runyard.pyfunc.save_model(
        "counted", python_model=Counted(), model_config={"folder": str(store / "notes")}, pip_requirements=[]
    )

    score("counted")

    noted = [path.name.split("-")[:2] for path in (store / "notes").iterdir()]
    loads = [process for kind, process in noted if kind == "load"]
    assert len(loads) == len(set(loads)) <= 2
    assert 20 == len([kind for kind, _ in noted if kind == "call"])


def test_predictions_of_another_model_are_not_mixed(score: Any, store: Path) -> None:
    """The folder says what its predictions are of."""
    an_input(store / "in")
    score(a_model(store))

    with pytest.raises(InvalidParameter, match=r"with another model, keep\. Choose another folder, or begin again"):
        score(failing_model(store), keep=["id"])


def test_wrong_folders_are_refused(score: Any, store: Path) -> None:
    """Before a worker has begun."""
    model = a_model(store)
    with pytest.raises(DoesNotExist, match=r"no \.parquet, \.csv or \.csv\.gz file in"):
        score(model)
    an_input(store / "in")
    with pytest.raises(InvalidParameter, match="neither may be in the other"):
        predict_folder(model, "in", "in/out", "dask")
    with pytest.raises(InvalidParameter, match=r"engine 'hadoop' is none of spark, dask, ray"):
        predict_folder(model, "in", "out", "hadoop")
    (store / "in" / "part-0.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InvalidParameter, match=r"'part-0.csv' and 'part-0.parquet' would have the same file"):
        score(model, output_format="parquet")


def test_columns_that_cannot_be_kept_are_named(score: Any, store: Path) -> None:
    """Missing ones, and those that the predictions are called."""
    (store / "in").mkdir()
    pq.write_table(pa.table({"a": [1.0], "b": [2.0], "prediction": [0.0]}), store / "in" / "x.parquet")
    model = a_model(store)

    assert "no column 'c' to keep; it has 'a', 'b'" in str(score(model, keep=["c"]).failed[0].problem)
    scores = score(model, keep=["prediction"], restart=True)
    assert "'prediction' has the name of one that is kept" in str(scores.failed[0].problem)


def test_what_has_not_one_form_becomes_a_table(score: Any, store: Path) -> None:
    """Matrices are lists in Parquet and JSON in CSV; tables keep their columns; an empty file stays one."""
    (store / "in").mkdir()
    pq.write_table(pa.table({"id": [1, 2], "a": [1.0, 2.0]}), store / "in" / "x.parquet")
    pq.write_table(pa.table({"id": [1, 2], "a": [1.0, 2.0]}).slice(0, 0), store / "in" / "empty.parquet")
    signature = ModelSignature(Schema([ColSpec("double", "a")]))
    runyard.pyfunc.save_model("matrix", python_model=_matrix, signature=signature, pip_requirements=[])
    runyard.pyfunc.save_model("table", python_model=_two, signature=signature, pip_requirements=[])

    score("matrix", keep=["*"])
    assert [[1.0, 2.0], [2.0, 4.0]] == pq.read_table("out/x.parquet").column("prediction").to_pylist()
    assert ["id", "a", "prediction"] == pq.read_table("out/empty.parquet").column_names
    score("matrix", output_format="csv", restart=True)
    assert [[1.0, 2.0], [2.0, 4.0]] == [json.loads(one) for one in pd.read_csv("out/x.csv")["prediction"]]
    score("table", restart=True)
    assert {"low": [0.0, 1.0], "high": [2.0, 3.0]} == pq.read_table("out/x.parquet").to_pydict()


def test_a_scheduler_that_is_not_there_is_said(store: Path) -> None:
    """With its address."""
    an_input(store / "in")
    model = a_model(store)
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(runyard.MlflowException, match=r"no Dask scheduler at 'tcp://127\.0\.0\.1:9'"),
    ):
        predict_folder(model, "in", "out", "dask", address="tcp://127.0.0.1:9")


def _matrix(model_input: Any) -> Any:
    return np.column_stack([model_input["a"], 2 * model_input["a"]])


def _two(model_input: Any) -> Any:
    return pd.DataFrame({"low": model_input["a"] - 1, "high": model_input["a"] + 1})
