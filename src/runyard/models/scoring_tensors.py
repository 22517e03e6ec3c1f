"""Arrays of a scoring request, in the types of the model's signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from runyard.core.libraries import np
from runyard.exceptions import BadRequest
from runyard.models import scoring_values as values

if TYPE_CHECKING:
    from runyard.types.schema import Schema


def tensors_of_rows(rows: Sequence[Any], names: Sequence[Any] | None, schema: Schema) -> Any:
    """The rows of a table as the arrays of a signature.

    A table whose columns are not named as the only array is that array, if the signature has a single one.

    Raises
    ------
    ValueError: A value does not fit.
    """
    specs: list[Any] = schema.inputs
    if len(specs) > 1 or (names is not None and specs[0].name in names):
        places = {name: place for place, name in enumerate(names or ())}
        return {
            spec.name: _of_spec([row[places[spec.name]] for row in rows], spec) for spec in specs if spec.name in places
        }
    [spec] = specs
    cells = list(rows)
    is_column = all(isinstance(row, list) and len(row) == 1 for row in cells) and (names is None or len(names) == 1)
    if is_column and (len(spec.shape) == 1 or any(isinstance(row[0], list) for row in cells)):
        cells = [row[0] for row in cells]
    found = _of_spec(cells, spec) if cells else _of_spec([], spec)
    return found if spec.name is None else {spec.name: found}


def tensors_of_values(value: Any, schema: Schema | None) -> Any:
    """Nested lists as an array, or objects of such lists as named arrays.

    Raises
    ------
    BadRequest: The signature has several arrays, and the request does not name them.
    ValueError: A value does not fit.
    """
    if schema is None:
        if isinstance(value, dict):
            return {name: tensor(one, None) for name, one in value.items()}
        has_objects = isinstance(value, list) and any(isinstance(one, dict) for one in value)
        return value if has_objects else tensor(value, None)
    specs: list[Any] = schema.inputs
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        value = turned(value)
    if isinstance(value, dict):
        if schema.has_input_names():
            return {spec.name: _of_spec(value[spec.name], spec) for spec in specs if spec.name in value}
        columns = [one if isinstance(one, list) else [one] for one in value.values()]
        if len({len(one) for one in columns}) != 1:
            raise ValueError("its lists have different lengths")
        return tensors_of_rows([list(row) for row in zip(*columns, strict=True)], list(value), schema)
    if len(specs) > 1 and isinstance(value, list) and not value:
        return {spec.name: _of_spec([], spec) for spec in specs}
    if len(specs) > 1:
        raise BadRequest(f"The model takes several arrays: send an object with {schema.input_names()!r}.")
    found = _of_spec(value, specs[0])
    return {specs[0].name: found} if schema.has_input_names() else found


def turned(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Rows of named values as named columns.

    Raises
    ------
    BadRequest: They do not all have the same names.
    """
    names = rows[0].keys()
    if not all(isinstance(row, dict) and row.keys() == names for row in rows):
        raise BadRequest("Every object of `instances` must have the same keys.")
    return {name: [row[name] for row in rows] for name in names}


def _of_spec(value: Any, spec: Any) -> Any:
    """An array of the type of a spec; one without elements in its shape too."""
    found = tensor(value, spec.type)
    if not found.size and isinstance(value, list) and not value and len(spec.shape) > 1:
        found = found.reshape((0, *(max(size, 0) for size in spec.shape[1:])))
    return found


def tensor(value: Any, dtype: Any) -> Any:
    """Nested lists as an array.

    Parameters
    ----------
    dtype: The type of its elements, as numpy has it; None for the one that numpy finds.

    Raises
    ------
    ValueError: Its lists have different lengths, or a value does not fit.
    """
    convert = None if dtype is None else _TENSORS.get(dtype.kind)
    if convert is None or dtype.kind == "f":
        try:
            with np.errstate(over="ignore"):
                found = np.array(value, dtype=dtype)
            if convert is None or dtype.itemsize == 8 or not np.isinf(found).any():
                return found
        except (ValueError, TypeError, OverflowError):
            pass  # looked at one by one, the values tell which is wrong
    try:
        given = np.array(value, dtype=object)
    except ValueError:
        raise ValueError(_RAGGED) from None
    flat = given.ravel().tolist()
    if any(isinstance(one, (list, dict)) for one in flat):
        raise ValueError(_RAGGED)
    if convert is None:
        raise ValueError(f"its values make no array of {dtype or 'one type'}")
    return np.array(convert(flat, dtype), dtype=dtype).reshape(given.shape)


_RAGGED = "the lists in it have different lengths, so they make no array"
_TENSORS: dict[str, Callable[[Sequence[Any], Any], Any]] = {
    "f": values.fractions,
    "i": values.whole_numbers,
    "u": values.whole_numbers,
    "b": lambda given, _: values.truths(given),
    "U": lambda given, _: _complete(values.texts(given)),
    "S": lambda given, _: _complete(values.binaries(given)),
    "M": lambda given, dtype: _moments(given, dtype),
}


def _complete(found: list[Any]) -> list[Any]:
    """Texts or bytes, of which an array has none for a missing value."""
    if any(one is None for one in found):
        raise ValueError("a value is missing")
    return found


def _moments(given: Sequence[Any], dtype: Any) -> Any:
    found = values.moments(given)
    if found.unit != "ns" and dtype == "datetime64[ns]":
        raise ValueError("a date is too far away to be counted in nanoseconds")
    return found.to_numpy().astype(dtype)
