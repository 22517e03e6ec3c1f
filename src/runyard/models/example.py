"""Examples of a model's input, saved beside it: as they are, and as the body of a request that serves them."""

import base64
import dataclasses
import datetime
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runyard.core.libraries import lazy, np, pd
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.models.scoring_forms import of_records, of_rows
from runyard.models.scoring_input import CHAT_KEYS
from runyard.models.scoring_tensors import tensor

sparse = lazy("scipy.sparse")

if TYPE_CHECKING:
    from runyard.types.schema import Schema

EXAMPLE = "input_example.json"
SERVING_EXAMPLE = "serving_input_example.json"
_SPARSE = {"csr_matrix": "sparse_matrix_csr", "csc_matrix": "sparse_matrix_csc"}
_INPUTS, _PARAMS = "inputs", "params"


@dataclasses.dataclass(frozen=True)
class _Written:
    """An example in the forms its files have.

    Attributes
    ----------
    kind: The entries of ``saved_input_example_info`` that tell what it was.
    plain: What the file of the example holds.
    body: The request that serves it.
    """

    kind: dict[str, str]
    plain: Any
    body: dict[str, Any]


def save_example(example: Any, folder: Path) -> dict[str, str] | None:
    """Write an example into a model's folder.

    Parameters
    ----------
    example: A DataFrame, an array or a dictionary of arrays, a sparse matrix, or anything JSON can hold; or a tuple of
        one of these and a dictionary of parameters.

    Returns
    -------
    What MLmodel's ``saved_input_example_info`` says of it; None without an example.

    Raises
    ------
    InvalidParameter: It is of another kind, or holds something JSON cannot.
    """
    if example is None:
        return None
    data, params = parted(example)
    params = params or None
    written = _written(data)
    plain = {_INPUTS: written.plain, _PARAMS: params} if params is not None else written.plain
    texts = {EXAMPLE: json.dumps(plain, default=_encoded), SERVING_EXAMPLE: _request(written, params)}
    for name, text in texts.items():
        (Path(folder) / name).write_text(text, encoding="utf-8")
    marked = {"params": "true"} if params is not None else {}
    return {"artifact_path": EXAMPLE, **marked, **written.kind, "serving_input_path": SERVING_EXAMPLE}


def convert_input_example_to_serving_input(input_example: Any) -> str | None:
    """The body of a request that asks a served model for the prediction of this example; None without one.

    Raises
    ------
    InvalidParameter: The example is of a kind that cannot be saved.
    """
    if input_example is None:
        return None
    data, params = parted(input_example)
    return _request(_written(data), params or None)


def parted(example: Any) -> tuple[Any, dict[str, Any] | None]:
    """The input of an example, and its parameters if it has some."""
    if isinstance(example, tuple) and len(example) == 2 and isinstance(example[1], dict):
        return example
    return example, None


def _request(written: _Written, params: dict[str, Any] | None) -> str:
    beside: dict[str, Any] = {}
    if params is not None:
        beside = params if written.body is written.plain else {_PARAMS: params}  # chats have them among their keys
    return json.dumps({**written.body, **beside}, default=_encoded, indent=2)


def _written(data: Any) -> _Written:
    if isinstance(data, pd.DataFrame):
        return _of_frame(data)
    if isinstance(data, np.ndarray):
        return _Written({"type": "ndarray"}, _nested(data), {_INPUTS: _nested(data)})
    if isinstance(data, Mapping) and data and any(isinstance(one, np.ndarray) for one in data.values()):
        return _of_arrays(data)
    if type(data).__name__ in _SPARSE:
        parts = {name: getattr(data, name).tolist() for name in ("data", "indices", "indptr")}
        plain = {**parts, "shape": list(data.shape)}
        return _Written({"type": _SPARSE[type(data).__name__]}, plain, {_INPUTS: data.toarray().tolist()})
    if isinstance(data, pd.Series | tuple | set | frozenset):
        raise InvalidParameter(
            f"An example of the input cannot be a {type(data).__name__}: give a DataFrame, an array, a sparse matrix "
            "(CSR or CSC), or plain lists, dictionaries and values."
        )
    plain = _plain(data)
    is_chat = isinstance(plain, dict) and not CHAT_KEYS.isdisjoint(plain)
    return _Written({"type": "json_object"}, plain, plain if is_chat else {_INPUTS: plain})


def _plain(data: Any) -> Any:
    """Data as JSON has it."""
    return json.loads(json.dumps(data, default=_encoded_value))


def _of_frame(frame: "pd.DataFrame") -> _Written:
    rows = frame.astype(object).where(frame.notna(), None).to_numpy(dtype=object).tolist()
    columns: list[Any] = frame.columns.tolist()
    if columns == list(range(len(columns))):
        return _Written(_table("values"), {"data": rows}, {"dataframe_split": {"data": rows}})
    split = {"columns": columns, "data": rows}
    return _Written(_table("split"), split, {"dataframe_split": split})


def _table(orient: str) -> dict[str, str]:
    return {"type": "dataframe", "pandas_orient": orient}


def _of_arrays(data: Mapping[Any, Any]) -> _Written:
    odd = [name for name, one in data.items() if not hasattr(one, "dtype") or not hasattr(one, "tolist")]
    if odd:
        raise InvalidParameter(f"In a dictionary of arrays every value is one; {odd[0]!r} is not.")
    plain = {name: _nested(one) for name, one in data.items()}
    return _Written({"type": "ndarray"}, plain, {_INPUTS: plain})


def _nested(array: Any) -> Any:
    """An array as nested lists, with None for what is not a number."""
    if array.dtype.kind == "M":
        return array.astype(str).tolist()
    if array.dtype.kind == "f" and np.isnan(array).any():
        gapless = array.astype(object)
        gapless[np.isnan(array)] = None
        return gapless.tolist()
    return array.tolist()


def _encoded(value: Any) -> Any:
    """What JSON has no form for, in the one a scoring server reads; arrays too, inside tables and parameters."""
    if getattr(value, "shape", ()) and hasattr(value, "tolist"):
        return value.tolist()
    return _encoded_value(value)


def _encoded_value(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return base64.encodebytes(bytes(value)).decode("ascii")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if hasattr(value, "model_dump"):  # of Pydantic
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if type(value).__name__ == "datetime64":
        return str(value)
    item: Callable[[], Any] | None = None if getattr(value, "shape", ()) else getattr(value, "item", None)
    if item is not None:
        return item()
    raise InvalidParameter(f"An example of the input cannot hold a {type(value).__name__}: JSON has no form for it.")


def load_example(folder: Path, info: Mapping[str, Any], schema: "Schema | None" = None) -> Any:
    """The example that was saved in a model's folder, without its parameters.

    Parameters
    ----------
    info: What MLmodel says of it.
    schema: Inputs of the signature, whose types the example gets again; without it those that JSON has.

    Raises
    ------
    DoesNotExist: Its file is missing.
    InvalidParameter: The file does not hold what MLmodel says.
    """
    plain, kind = _read(folder, info), info.get("type")
    plain = plain[_INPUTS] if _has_params(info) else plain
    try:
        if kind == "dataframe":
            return _frame(plain, schema)
        if kind == "ndarray":
            return _arrays(plain, schema)
        if kind in _SPARSE.values():
            return _sparse(plain, str(kind))
    except (KeyError, TypeError, ValueError) as problem:
        raise InvalidParameter(f"The input example of {folder} is no {kind}: {problem!r}.") from None
    if kind != "json_object":
        raise InvalidParameter(f"The input example of {folder} is of the unknown kind {kind!r}.")
    return plain


def load_example_params(folder: Path, info: Mapping[str, Any]) -> dict[str, Any] | None:
    """The parameters that were saved with the example; None when there are none.

    Raises
    ------
    DoesNotExist: The example's file is missing.
    """
    return dict(_read(folder, info)[_PARAMS]) if _has_params(info) else None


def _has_params(info: Mapping[str, Any]) -> bool:
    return str(info.get("params", "")).lower() == "true"


def _read(folder: Path, info: Mapping[str, Any]) -> Any:
    file = Path(folder) / info.get("artifact_path", EXAMPLE)
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DoesNotExist(f"The model has no input example: {file} is missing.") from None
    except ValueError as problem:
        raise InvalidParameter(f"The input example {file} is not JSON: {problem}.") from None


def _frame(plain: Any, schema: "Schema | None") -> Any:
    if isinstance(plain, list):  # as versions before 2.0 wrote tables
        return of_records(plain, schema)
    return of_rows(plain["data"], plain.get("columns"), plain.get("index"), schema)


def _arrays(plain: Any, schema: "Schema | None") -> Any:
    kinds = {} if schema is None or not schema.is_tensor_spec() else {one.name: one.type for one in schema.inputs}
    if isinstance(plain, dict):
        return {name: tensor(one, kinds.get(name)) for name, one in plain.items()}
    return tensor(plain, kinds.get(None))


def _sparse(plain: dict[str, Any], kind: str) -> Any:
    make = sparse.csr_matrix if kind == "sparse_matrix_csr" else sparse.csc_matrix
    return make((plain["data"], plain["indices"], plain["indptr"]), shape=tuple(plain["shape"]))
