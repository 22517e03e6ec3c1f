"""Reads what a scoring request brings: JSON in its four forms, or CSV, typed as the model's signature says.

The protocol is MLflow's. Where MLflow would silently change a value (2.5 for an integer column becomes 2, milliseconds
become a time in 1970, bytes that are not base64 become none) the request is refused instead.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from runyard.exceptions import BadRequest
from runyard.models.scoring_csv import table_of
from runyard.models.scoring_forms import kind_of, of_records, of_split, of_values, unpacked

if TYPE_CHECKING:
    from runyard.types.schema import Schema

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
"""The keys of a JSON body that hold data; a body has exactly one of them."""

CHAT_KEYS = frozenset({"messages", "prompt", "input"})
"""Keys of bodies in the style of chat services: the whole object is the model's input."""


class ScoringInput(NamedTuple):
    """What a request asks of a model.

    Attributes
    ----------
    data: The argument of `predict`: a DataFrame, an array, a dict of arrays, or the values as they came.
    params: The second argument; None when the request has none.
    is_bare: True when the answer is the prediction itself, without the object around it.
    """

    data: Any
    params: dict[str, Any] | None
    is_bare: bool = False


def parse_json(body: bytes | str, schema: Schema | None = None, *, as_given: bool = False) -> ScoringInput:
    """Read a JSON body.

    Parameters
    ----------
    body: UTF-8 text of an object with one of `FORMS` and optionally ``params``. NaN and Infinity may be written bare.
    schema: Inputs of the model's signature, if it has one.
    as_given: Hand on the values of ``inputs`` and ``instances`` as they came, for models whose type hints check them;
        only bytes are read from base64, and dates from text.

    Raises
    ------
    BadRequest: The body is not such an object, or a value does not fit the schema's type.
    """
    decoded = _decoded(body)
    if not isinstance(decoded, dict):
        raise BadRequest(f"The body must be a JSON object with one of {', '.join(FORMS)}; it is {kind_of(decoded)}.")
    present = [form for form in FORMS if form in decoded]
    if not present and not CHAT_KEYS.isdisjoint(decoded):
        return ScoringInput(decoded, None, is_bare=True)
    if len(present) != 1:
        found = f"it has {' and '.join(present)}" if present else f"its keys are {sorted(decoded)[:20]}"
        raise BadRequest(f"The body must have exactly one of {', '.join(FORMS)}; {found}.")
    params = decoded.get("params")
    if params is not None and not isinstance(params, dict):
        raise BadRequest(f"`params` must be an object; it is {kind_of(params)}.")
    return ScoringInput(_data(present[0], decoded[present[0]], schema, as_given), params)


def parse_csv(body: bytes | str, schema: Schema | None = None) -> Any:
    """Read a CSV body: a line of column names, then rows. Only an empty cell is a missing value.

    Cells for lists and objects hold JSON.

    Returns
    -------
    A DataFrame; arrays where the signature has tensors.

    Raises
    ------
    BadRequest: It is not CSV in UTF-8, or a value does not fit the schema's type.
    """
    try:
        return table_of(body.decode("utf-8-sig") if isinstance(body, bytes) else body, schema)
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None
    except (ValueError, csv.Error) as problem:
        raise BadRequest(f"The body cannot be read as CSV with a header: {_sentence(problem)}") from None


def _decoded(body: bytes | str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass  # it may hold NaN or Infinity, which only the slower reader takes
    try:
        return json.loads(body.decode("utf-8-sig") if isinstance(body, bytes) else body)
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None
    except (ValueError, RecursionError) as problem:
        reason = "it is nested too deeply" if isinstance(problem, RecursionError) else problem
        raise BadRequest(f"The body is not valid JSON: {reason}.") from None


def _data(form: str, value: Any, schema: Schema | None, as_given: bool) -> Any:
    try:
        if form == "dataframe_split":
            return of_split(value, schema)
        if form == "dataframe_records":
            return of_records(value, schema)
        return unpacked(value, schema) if as_given else of_values(form, value, schema)
    except (ValueError, TypeError, OverflowError) as problem:
        raise BadRequest(f"`{form}` cannot be read: {_sentence(problem)}") from None


def _sentence(problem: Exception) -> str:
    return f"{str(problem).rstrip('.')}."
