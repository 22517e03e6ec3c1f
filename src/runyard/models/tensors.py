"""Checks arrays against the tensors of a signature."""

from collections.abc import Mapping
from typing import Any

from runyard.core.libraries import np, pd
from runyard.exceptions import InvalidParameter
from runyard.types.schema import Schema, TensorSpec


def enforce_tensors(data: Any, schema: Schema) -> Any:
    """The input as arrays of the signature's types and shapes: one, or a dictionary of them.

    Arrays are taken as they are and never cast; the columns of a table are cast where no value changes.

    Raises
    ------
    InvalidParameter: An array is missing, or of another type or shape.
    """
    if isinstance(data, pd.Series):
        data = data.to_frame()
    if not schema.has_input_names():
        return _single(data, _spec(schema.inputs[0]))
    if len(schema) == 1 and _is_array(data):
        data = {schema.input_names()[0]: data}
    if not isinstance(data, Mapping | pd.DataFrame):
        raise InvalidParameter(
            f"The signature has the tensors {schema.input_names()!r}: the input is a dictionary of numpy arrays, or a "
            f"DataFrame, not {type(data).__name__}."
        )
    missing = [name for name in schema.input_names() if name not in data]
    if missing:
        raise InvalidParameter(f"The input lacks {missing!r}, which the model's signature requires.")
    return {spec.name: _named(data[spec.name], _spec(spec)) for spec in schema.inputs}


def _spec(spec: Any) -> TensorSpec:
    assert isinstance(spec, TensorSpec)
    return spec


def _is_array(data: Any) -> bool:
    return isinstance(data, np.ndarray) or type(data).__name__ in ("csr_matrix", "csc_matrix")


def _single(data: Any, spec: TensorSpec) -> Any:
    if not isinstance(data, pd.DataFrame):
        return _checked(data, spec)
    if data.shape[1] == 1:
        return _checked(_cast(data.iloc[:, 0], spec), spec)
    if len(spec.shape) != 2 or spec.shape[1] not in (-1, data.shape[1]):
        raise InvalidParameter(
            f"A DataFrame with {data.shape[1]} columns makes no array of shape {spec.shape}, which the signature asks."
        )
    return _checked(data.to_numpy(), spec)


def _named(data: Any, spec: TensorSpec) -> Any:
    return _checked(_cast(data, spec) if isinstance(data, pd.Series) else data, spec)


def _cast(column: "pd.Series[Any]", spec: TensorSpec) -> Any:
    """A column, of values or of lists, as an array of the tensor's type and shape."""
    try:
        given = np.array(column.tolist())
        made = given.astype(spec.type).reshape((len(column), *spec.shape[1:]))
    except (ValueError, TypeError) as problem:
        raise InvalidParameter(
            f"Column {column.name!r} makes no {spec.type} array of shape {spec.shape}: {problem}."
        ) from None
    if spec.type.kind in "iu" and given.dtype.kind == "f" and not np.array_equal(made.ravel(), given.ravel()):
        raise InvalidParameter(f"Column {column.name!r} holds fractions, which would be lost in {spec.type}.")
    return made


def _checked(array: Any, spec: TensorSpec) -> Any:
    what = "the input" if spec.name is None else repr(spec.name)
    if not _is_array(array):
        raise InvalidParameter(f"By the signature {what} is a numpy array, not {type(array).__name__}.")
    have = array.dtype
    if have.newbyteorder("=") != spec.type and not (have.kind == spec.type.kind and have.kind in "SU"):
        raise InvalidParameter(f"By the signature {what} is an array of {spec.type}, not of {have}.")
    same_sizes = all(wanted in (-1, size) for wanted, size in zip(spec.shape, array.shape, strict=False))
    if len(spec.shape) != len(array.shape) or not same_sizes:
        raise InvalidParameter(f"By the signature {what} has the shape {spec.shape}, not {array.shape}.")
    return array
