"""Folders of files to predict for, and models to do it with."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import runyard
from runyard.models import ModelSignature
from runyard.scoring.folder import predict_folder
from runyard.types import ColSpec, Schema
from tests.scoring import models

COLUMNS = ModelSignature(Schema([ColSpec("double", "a"), ColSpec("double", "b")]))


def an_input(folder: Path) -> dict[str, pd.DataFrame]:
    """Four files, in both formats and in a folder below; the rows by name."""
    frames = {}
    (folder / "sub").mkdir(parents=True)
    for place, name in enumerate(("part-0.parquet", "part-1.parquet", "sub/part-2.parquet", "sub/rows.csv")):
        count = 20 + place
        values = {"id": [f"{place}-{row}" for row in range(count)], "a": np.arange(float(count)), "b": 1.0 + place}
        frames[name] = pd.DataFrame(values)
        if name.endswith("csv"):
            frames[name].to_csv(folder / name, index=False)
        else:
            frames[name].to_parquet(folder / name)
    (folder / "_SUCCESS").touch()
    return frames


def a_model(store: Path) -> str:
    """A model of two columns."""
    return _saved(store / "model", models.Sum())


def failing_model(store: Path) -> str:
    """The same; it refuses numbers below zero, and its process dies of 666."""
    return _saved(store / "failing", models.Failing())


def _saved(folder: Path, model: Any) -> str:
    if not folder.exists():
        runyard.pyfunc.save_model(str(folder), python_model=model, signature=COLUMNS, pip_requirements=[])
    return os.fspath(folder)


def predicts_a_folder(store: Path, **options: Any) -> None:
    """Two workers predict, name the files that fail, and go on with what is left, whatever the engine."""
    frames = an_input(store / "in")
    (store / "in" / "broken.parquet").write_bytes(b"PAR1 and then nothing")
    model = failing_model(store)

    first = predict_folder(model, "in", "out", keep=["id"], **options)
    (store / "in" / "broken.parquet").unlink()
    (store / "out" / "part-1.parquet").unlink()
    second = predict_folder(model, "in", "out", keep=["id"], **options)

    assert [("broken.parquet", 4)] == [(one.name, len(first.done)) for one in first.failed]
    assert (["part-1.parquet"], 3) == ([one.name for one in second.done], second.skipped)
    for name, frame in frames.items():
        path = store / "out" / name
        found = pd.read_parquet(path) if name.endswith("parquet") else pd.read_csv(path)
        assert frame["id"].tolist() == found["id"].tolist()
        assert np.allclose(2 * frame["a"] + frame["b"], found["prediction"])


def survives_a_worker(store: Path, **options: Any) -> None:
    """A file that ends each process that has it is named, and the others are done."""
    an_input(store / "in")
    pd.DataFrame({"id": ["1"], "a": [666.0], "b": [1.0]}).to_parquet(store / "in" / "deadly.parquet")

    scores = predict_folder(failing_model(store), "in", "out", **options)

    assert ["deadly.parquet"] == [one.name for one in scores.failed]
    assert 4 == len(scores.done)
