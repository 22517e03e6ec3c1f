"""Models of ONNX."""

from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPRegressor

from onnx import TensorProto, helper, numpy_helper
from tests.flavors.examples import Example

IRIS = load_iris(as_frame=True)
ARRAY = IRIS.data.to_numpy(np.float32)
ROWS = IRIS.data.iloc[::10].astype(np.float32).reset_index(drop=True)
_PAIR = pd.DataFrame({"p": [1.0, 2.0, 3.0], "q": [0.5, 0.25, 4.0]}, dtype=np.float32)


def classifier(*, zipmap: bool = False) -> Any:
    """A classifier of scikit-learn, with a label and probabilities as outputs."""
    fitted = LogisticRegression(max_iter=500).fit(ARRAY, IRIS.target)
    return to_onnx(fitted, ARRAY[:1], options={"zipmap": zipmap}, target_opset=17)


def regressor() -> Any:
    """A network of scikit-learn with one output."""
    fitted = MLPRegressor(hidden_layer_sizes=(8,), max_iter=400, tol=1e-2, random_state=3).fit(ARRAY, IRIS.target)
    return to_onnx(fitted, ARRAY[:1], target_opset=17)


def layer(width: int = 2) -> Any:
    """A matrix product: an input x of 3 columns, an output y of `width` columns."""
    weights = np.random.default_rng(0).normal(size=(3, width)).astype(np.float32)
    return model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        {"x": (TensorProto.FLOAT, [None, 3])},
        {"y": (TensorProto.FLOAT, [None, width])},
        [numpy_helper.from_array(weights, "w")],
    )


def sum_and_difference() -> Any:
    """Two inputs and two outputs, vectors all of them."""
    vector = (TensorProto.FLOAT, [None])
    nodes = [helper.make_node("Add", ["p", "q"], ["s"]), helper.make_node("Sub", ["p", "q"], ["t"])]
    return model(nodes, {"p": vector, "q": vector}, {"s": vector, "t": vector})


def model(nodes: Any, inputs: dict[str, Any], outputs: dict[str, Any], tensors: Any = ()) -> Any:
    """A model of these nodes; types and shapes by the names of its inputs and outputs."""
    described = [
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in given.items()]
        for given in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "graph", *described, list(tensors))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def by_runtime(onnx_model: Any, rows: Any) -> Any:
    """What onnxruntime gives for rows, by the names of the outputs."""
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [node.name for node in session.get_inputs()]
    feed = {name: rows[name].to_numpy() for name in names} if len(names) > 1 else {names[0]: np.asarray(rows)}
    outputs = [node.name for node in session.get_outputs()]
    return dict(zip(outputs, session.run(outputs, feed), strict=True))


EXAMPLES = [
    Example("regressor", regressor, ROWS, by_runtime, forms={"array": ROWS.to_numpy(), "doubles": ROWS.astype(float)}),
    Example("classifier", classifier, ROWS.to_numpy(), by_runtime, forms={"table": ROWS, "dict": {"X": ROWS}}),
    Example("layer", layer, ROWS.iloc[:, :3], by_runtime, forms={"lists": ROWS.iloc[:, :3].to_numpy().tolist()}),
    Example(
        "two-inputs",
        sum_and_difference,
        _PAIR,
        by_runtime,
        forms={"dict": {name: _PAIR[name].to_numpy() for name in _PAIR}},
    ),
    Example(
        "options",
        regressor,
        ROWS,
        by_runtime,
        options={
            "onnx_execution_providers": [("CPUExecutionProvider", {})],
            "onnx_session_options": {"execution_mode": "sequential", "intra_op_num_threads": 1},
        },
    ),
    Example("inline", lambda: layer(500), ROWS.iloc[:, :3], by_runtime, options={"save_as_external_data": False}),
]
