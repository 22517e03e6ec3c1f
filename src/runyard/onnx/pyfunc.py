"""A model of ONNX as a pyfunc."""

from collections.abc import Mapping
from typing import Any

from runyard.core.libraries import lazy, np, pd
from runyard.exceptions import InvalidParameter
from runyard.onnx.tensors import as_tensor

_errors = lazy("onnxruntime.capi.onnxruntime_pybind11_state")


class ONNXModel:
    """Predicts with a session of onnxruntime.

    Parameters
    ----------
    session: The session.
    """

    def __init__(self, session: Any) -> None:
        self.session = session
        self._inputs = {node.name: node for node in session.get_inputs()}
        self._outputs = [node.name for node in session.get_outputs()]

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model computes, by the names of its outputs.

        Parameters
        ----------
        data: A dictionary with a tensor for each input; for a model of one input, also an array or nested lists. Of a
            table, the only input gets all columns, and several inputs those of their names. Values are cast to the type
            of an input where nothing but precision is lost.
        params: Not used.

        Returns
        -------
        A table for a table, with one row for each of its rows and one column for each output, whose cells are lists
        where the output has several numbers a row. Else a dictionary of arrays, or of lists for outputs that are not
        tensors.

        Raises
        ------
        InvalidParameter: The names, types or shapes are not those of the model's inputs.
        """
        is_table = isinstance(data, pd.DataFrame)
        feed = self._of_table(data) if is_table else self._of_arrays(data)
        try:
            found = self.session.run(self._outputs, feed)
        except _errors.InvalidArgument as problem:
            raise InvalidParameter(
                f"The model does not take this input: {' '.join(str(problem).split())} It takes {self._described()}."
            ) from problem
        named = dict(zip(self._outputs, found, strict=True))
        return _table(named) if is_table else named

    def get_raw_model(self) -> Any:
        """The session."""
        return self.session

    def _of_table(self, table: Any) -> dict[str, Any]:
        if len(self._inputs) == 1:
            [node] = self._inputs.values()
            values = table.iloc[:, 0] if table.shape[1] == 1 and len(node.shape) != 2 else table
            return {node.name: as_tensor(values.to_numpy(), node)}
        self._check_names(table.columns, "columns", may_have_more=True)
        return {name: as_tensor(table[name].to_numpy(), node) for name, node in self._inputs.items()}

    def _of_arrays(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping):
            self._check_names(data, "tensors")
            return {name: as_tensor(values, self._inputs[name]) for name, values in data.items()}
        if not isinstance(data, np.ndarray | list):
            raise InvalidParameter(
                f"Models of ONNX take tables, arrays, lists, and dictionaries of these, not {type(data).__name__}."
            )
        if len(self._inputs) != 1:
            raise InvalidParameter(
                f"The model has several inputs. Give a dictionary or a table with {', '.join(self._inputs)}."
            )
        [node] = self._inputs.values()
        return {node.name: as_tensor(data, node)}

    def _check_names(self, given: Any, kind: str, *, may_have_more: bool = False) -> None:
        names = [str(name) for name in given]
        missing = [name for name in self._inputs if name not in names]
        if missing or (not may_have_more and set(names) - set(self._inputs)):
            raise InvalidParameter(
                f"The model takes {self._described()}; the {kind} given are {', '.join(names) or 'none'}."
            )

    def _described(self) -> str:
        return ", ".join(f"{node.name}: {node.type} of shape {list(node.shape)}" for node in self._inputs.values())


def _table(outputs: Mapping[str, Any]) -> Any:
    columns = {name: _cells(values) for name, values in outputs.items()}
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidParameter(
            f"The model's outputs do not make a table, since they differ in length: {lengths}. "
            "Give it a dictionary or an array instead of a table."
        )
    return pd.DataFrame(columns)


def _cells(values: Any) -> Any:
    """An output, as a value for each row."""
    if not isinstance(values, np.ndarray):
        return values
    rows = values.reshape(1) if values.ndim == 0 else values
    return rows.reshape(len(rows)) if rows.size == len(rows) else rows.tolist()
