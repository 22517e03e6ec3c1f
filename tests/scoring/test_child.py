"""Models in a process of their own, and data that travels there."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runyard
from runyard.exceptions import RunyardException
from runyard.scoring import columns
from runyard.scoring.child import ChildModel
from runyard.scoring.shipping import packed, unpacked
from runyard.scoring.worker import Scorer
from tests.scoring.folders import a_model
from tests.scoring.models import Told

FRAME = pd.DataFrame(
    {
        "whole": [1, 2],
        "text": ["a", None],
        "moment": pd.to_datetime(["2024-01-01", "2024-01-02"]),
        "list": [np.array([1.0, 2.0]), np.array([3.0])],
        "nested": [{"x": 1, "y": [True]}, None],
    }
)


@pytest.fixture
def told(store: Path) -> Any:
    """A model in a process of its own that does what its configuration says."""
    runyard.pyfunc.save_model("told", python_model=Told(), model_config={"gives": "x"}, pip_requirements=[])
    models = []

    def start(gives: str) -> ChildModel:
        models.append(ChildModel(Path(sys.executable), store / "told", {"gives": gives}))
        return models[-1]

    yield start
    for one in models:
        one.close()


@pytest.fixture(autouse=True)
def path_of_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process imports the model's class from the tests."""
    monkeypatch.setattr("runyard.scoring.child._LEFT_OUT", ())
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))


def test_a_process_predicts_what_the_model_predicts(told: Any) -> None:
    """Call after call; what the model prints is not part of the answer."""
    model = told("[print('noise') or v for v in x['a'] * 2]")

    for factor in (1, 2):
        assert [2.0 * factor] == model.predict(pd.DataFrame({"a": [1.0 * factor]}))


def test_what_a_model_raises_and_a_process_that_ends_are_errors(told: Any) -> None:
    """With the message, and what the process printed last."""
    with pytest.raises(RunyardException, match="ZeroDivisionError: division by zero"):
        told("1 / 0").predict(pd.DataFrame({"a": [1]}))
    with pytest.raises(RunyardException, match="ended with 7: last words"):
        told("os.write(2, b'last words') and os._exit(7)").predict(pd.DataFrame({"a": [1]}))


def test_data_travels_as_it_is(told: Any) -> None:
    """Types and values of tables, arrays and dictionaries of them, whatever the versions of numpy and pandas."""
    found = columns.unpacked(columns.packed(FRAME))
    assert FRAME.dtypes.astype(str).tolist() == found.dtypes.astype(str).tolist()
    pd.testing.assert_frame_equal(FRAME, found)
    tensors = {"a": np.arange(6, dtype="int8").reshape(2, 3), "b": np.array(["x", "y"])}
    again = columns.unpacked(columns.packed(tensors))
    assert np.array_equal(tensors["a"], again["a"])
    assert ["x", "y"] == again["b"].tolist()
    assert [1, None, "a", {"k": [2.5]}] == columns.unpacked(columns.packed([1, None, "a", {"k": [np.float64(2.5)]}]))


def test_a_model_arrives_whole(store: Path, tmp_path: Path) -> None:
    """The same files make the same archive; a damaged one is said, and leaves no folder."""
    folder = Path(a_model(store))
    archive = packed(folder)
    assert archive == packed(folder)

    place = unpacked(archive, tmp_path / "store")
    assert {path.name for path in folder.iterdir()} == {path.name for path in place.iterdir()}
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(archive.read_bytes()[:100])
    with pytest.raises(RunyardException, match="did not arrive whole"):
        unpacked(damaged, tmp_path / "store")
    assert not (tmp_path / "store" / "damaged").exists()


def test_another_configuration_is_another_model(told: Any, store: Path) -> None:
    """Each is loaded once; the same files under other settings do not get in the way."""
    told("1").close()
    first, second = (Scorer("told", str(store / "told"), model_config={"gives": gives}) for gives in ("n", "n + 1"))

    found = [one.predict(pd.DataFrame({"a": [1.0]}), Path, Path) for one in (first, second, first)]

    assert [1, 2, 1] == found
