"""What a model of ONNX takes as a pyfunc, and what it gives."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import runyard
from onnx import TensorProto, helper
from runyard.exceptions import InvalidParameter
from tests.onnx.examples import ARRAY, classifier, layer, model, sum_and_difference

ROWS = ARRAY[:4, :3]
PAIR = {"p": np.array([1.0, 2.0], np.float32), "q": np.array([3.0, 4.0], np.float32)}


def _loaded(onnx_model: Any) -> Any:
    runyard.onnx.save_model(onnx_model, "model", pip_requirements=[])
    return runyard.pyfunc.load_model("model")


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        ROWS.astype(np.float64),
        ROWS.round().astype(int),
        ROWS.tolist(),
        {"x": ROWS},
        {"x": ROWS.tolist()},
        ROWS.astype(object),
    ],
)
def test_arrays_and_dictionaries_give_arrays(data: Any, store: Path) -> None:
    """By the names of the outputs; numbers are cast to what the model computes with."""
    given = _loaded(layer()).predict(data)

    assert ["y"] == list(given)
    assert ((4, 2), np.dtype("float32")) == (given["y"].shape, given["y"].dtype)


def test_a_table_gives_a_row_for_each_of_its_rows(store: Path) -> None:
    """Several numbers a row are a list, so that several outputs fit beside each other."""
    table = pd.DataFrame(ARRAY[:4], columns=["a", "b", "c", "d"])
    given = _loaded(classifier()).predict(table)

    assert ["label", "probabilities"] == list(given)
    assert [0, 0, 0, 0] == given["label"].tolist()
    assert [3, 3, 3, 3] == [len(cell) for cell in given["probabilities"]]


def test_outputs_that_are_not_tensors_stay_as_they_are(store: Path) -> None:
    """Models of scikit-learn give their probabilities as dictionaries, unless told otherwise."""
    given = _loaded(classifier(zipmap=True)).predict(ARRAY[:2])

    assert [{0, 1, 2}, {0, 1, 2}] == [set(one) for one in given["output_probability"]]
    table = runyard.pyfunc.load_model("model").predict(pd.DataFrame(ARRAY[:2]))
    assert given["output_probability"] == table["output_probability"].tolist()


def test_inputs_take_the_columns_of_their_names(store: Path) -> None:
    """Columns of a pipeline of scikit-learn are matrices of one column, of numbers and of texts."""
    table = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "kind": ["a", "b", "a", "b"], "unused": 0})
    both = table[["size", "kind"]]
    columns = make_column_transformer((StandardScaler(), ["size"]), (OneHotEncoder(), ["kind"]))
    fitted = make_pipeline(columns, LogisticRegression()).fit(both, [0, 1, 0, 1])
    types = [("size", FloatTensorType([None, 1])), ("kind", StringTensorType([None, 1]))]

    loaded = _loaded(to_onnx(fitted, initial_types=types, options={"zipmap": False}, target_opset=17))

    given = loaded.predict(table)
    assert fitted.predict(both).tolist() == given["label"].tolist()
    np.testing.assert_allclose(fitted.predict_proba(both), given["probabilities"].tolist(), rtol=1e-5)
    as_lists = {"size": [1.0, 2.0, 3.0, 4.0], "kind": ["a", "b", "a", "b"]}
    assert given["label"].tolist() == loaded.predict(as_lists)["label"].tolist()


def test_cells_of_a_column_may_be_tensors(store: Path) -> None:
    """Pictures, for instance: more than two dimensions do not fit into a table otherwise."""
    picture = (TensorProto.FLOAT, [None, 2, 2])
    total = (TensorProto.FLOAT, [None])
    node = helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0, axes=[1, 2])
    summed = helper.make_model(
        model([node], {"x": picture}, {"y": total}).graph,
        opset_imports=[helper.make_opsetid("", 11)],
        ir_version=8,
    )

    given = _loaded(summed).predict(pd.DataFrame({"x": [np.ones((2, 2)), [[1.0, 2.0], [3.0, 4.0]]]}))

    assert [4.0, 10.0] == given["y"].tolist()


def test_integers_keep_their_value(store: Path) -> None:
    """A larger type is taken when nothing is lost by that."""
    vector = (TensorProto.INT8, [None])
    loaded = _loaded(model([helper.make_node("Identity", ["x"], ["y"])], {"x": vector}, {"y": vector}))

    assert [1, 2] == loaded.predict(np.array([1, 2]))["y"].tolist()
    for lossy in ([1, 200], [1.0, 2.5], ["one"]):
        with pytest.raises(InvalidParameter, match=r"'x' is tensor\(int8\)"):
            loaded.predict(np.array(lossy))


@pytest.mark.parametrize(
    ("onnx_model", "data", "told"),
    [
        (layer(), {"nope": ROWS}, r"takes x: tensor\(float\) of shape \[None, 3\]; the tensors given are nope"),
        (layer(), {"x": ROWS, "z": ROWS}, "tensors given are x, z"),
        (layer(), ROWS[:, :2], "does not take this input.*Expected: 3"),
        (layer(), pd.DataFrame({"a": [1.0]}), "does not take this input.*Expected: 3"),
        (layer(), "text", "not str"),
        (layer(), np.array([["a", "b", "c"]]), "cannot be cast"),
        (layer(), pd.DataFrame({"a": ["x"], "b": [1], "c": [2]}), "its values are not"),
        (layer(), [[1.0, 2.0], [1.0]], "its values are not"),
        (sum_and_difference(), ROWS, "several inputs.*p, q"),
        (sum_and_difference(), pd.DataFrame({"p": [1.0]}), "columns given are p"),
        (sum_and_difference(), {"p": PAIR["p"]}, "tensors given are p"),
    ],
)
def test_what_does_not_fit_is_told(onnx_model: Any, data: Any, told: str, store: Path) -> None:
    """With the names, types and shapes that the model takes."""
    with pytest.raises(InvalidParameter, match=told):
        _loaded(onnx_model).predict(data)


def test_outputs_that_differ_in_length_do_not_make_a_table(store: Path) -> None:
    """The message says what to do; as arrays they are given."""
    vector, one = (TensorProto.FLOAT, [None]), (TensorProto.FLOAT, [1])
    nodes = [helper.make_node("Identity", ["x"], ["y"]), helper.make_node("ReduceSum", ["x"], ["total"])]
    loaded = _loaded(model(nodes, {"x": vector}, {"y": vector, "total": one}))

    assert [6.0] == loaded.predict([1.0, 2.0, 3.0])["total"].tolist()
    with pytest.raises(InvalidParameter, match="'y': 3, 'total': 1"):
        loaded.predict(pd.DataFrame({"x": [1.0, 2.0, 3.0]}))


def test_the_raw_model_is_the_session(store: Path) -> None:
    """For what pyfunc does not offer, such as choosing outputs."""
    [given] = _loaded(layer()).get_raw_model().run(["y"], {"x": ROWS})

    assert (4, 2) == given.shape
