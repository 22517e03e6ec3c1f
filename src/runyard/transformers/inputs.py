"""Inputs of pyfunc as lists of what pipelines take."""

import json
from collections.abc import Mapping
from typing import Any

from runyard.core.libraries import np, pd
from runyard.exceptions import InvalidParameter

_PAIR = {"text", "text_pair"}
_LABELS = "candidate_labels"


def rows(data: Any) -> list[Any]:
    """An input as a list: a table of one column as its values, one of several as a dictionary a row."""
    if isinstance(data, pd.DataFrame):
        return data.iloc[:, 0].tolist() if data.shape[1] == 1 else data.to_dict("records")
    if isinstance(data, pd.Series):
        return list(data.tolist())
    if isinstance(data, np.ndarray):
        return list(np.atleast_1d(data).tolist())
    return list(data) if isinstance(data, list | tuple) else [data]


def texts(data: Any) -> list[Any]:
    """Texts, from a text, a list, a column, or a dictionary of one of these.

    Raises
    ------
    InvalidParameter: Something is not a text.
    """
    return [_text(one) for one in _flat(data)]


def text_pairs(data: Any) -> list[Any]:
    """Texts, or pairs of texts as dictionaries of ``text`` and ``text_pair``.

    Raises
    ------
    InvalidParameter: Something is neither.
    """
    return [one if isinstance(one, Mapping) and set(one) == _PAIR else _text(one) for one in _flat(data)]


def texts_or_chats(data: Any) -> list[Any]:
    """Texts, or chats as lists of messages, which are dictionaries of ``role`` and ``content``.

    Raises
    ------
    InvalidParameter: Something is neither.
    """
    if isinstance(data, list) and is_chat(data):
        return [data]
    if isinstance(data, Mapping) and is_chat(data.get("messages")):
        return [data["messages"]]
    return [one if is_chat(one) else _text(one) for one in _flat(data)]


def is_chat(data: Any) -> bool:
    """Whether it is a list of messages."""
    return isinstance(data, list) and bool(data) and all(isinstance(one, Mapping) and "role" in one for one in data)


def labeled(data: Any) -> list[dict[str, Any]]:
    """Texts to classify by labels: for each the arguments of the pipeline.

    Labels are a list, as JSON where the column is of texts, or separated by commas.

    Raises
    ------
    InvalidParameter: There are no sequences or no labels.
    """
    found = []
    for one in rows(data):
        _named(one, "sequences", _LABELS)
        given = {key: value for key, value in one.items() if value is not None}
        several = given["sequences"] if isinstance(given["sequences"], list | np.ndarray) else [given["sequences"]]
        labels = listed(given[_LABELS])
        found += [{**given, "sequences": _text(text), _LABELS: labels} for text in several]
    return found


def questions(data: Any) -> list[dict[str, Any]]:
    """Questions, each with the text that the answer is in.

    Raises
    ------
    InvalidParameter: One of the two is missing.
    """
    return [_named(one, "question", "context") for one in rows(data)]


def table_questions(data: Any) -> list[dict[str, Any]]:
    """Questions (``query``), each with the table that the answer is in: a dictionary of columns, or JSON of one.

    Raises
    ------
    InvalidParameter: One of the two is missing, or the table is not one.
    """
    return [{**one, "table": _table(one["table"])} for one in (_named(each, "query", "table") for each in rows(data))]


def _named(one: Any, *names: str) -> dict[str, Any]:
    if not isinstance(one, Mapping) or not set(names) <= set(one):
        raise InvalidParameter(f"This model takes {' and '.join(map(repr, names))} by name, not {_shown(one)}.")
    return {name: one[name] for name in names}


def _table(given: Any) -> "pd.DataFrame":
    try:
        columns = json.loads(given) if isinstance(given, str) else given
        return pd.DataFrame(columns).astype(str)
    except (TypeError, ValueError) as problem:
        raise InvalidParameter(f"'table' is not a dictionary of columns, or JSON of one: {problem}") from None


def listed(labels: Any) -> list[Any]:
    """Labels as a list."""
    if not isinstance(labels, str):
        return list(labels)
    try:
        found = json.loads(labels)
    except ValueError:
        return [label.strip() for label in labels.split(",")]
    return list(found) if isinstance(found, list) else [labels]


def as_stored(example: Any) -> Any:
    """An example with the lists of labels in it as JSON, since their column is one of texts."""
    if isinstance(example, tuple):
        return (as_stored(example[0]), *example[1:])
    if isinstance(example, Mapping) and isinstance(example.get(_LABELS), list):
        return {**example, _LABELS: json.dumps(example[_LABELS])}
    return example


def _flat(data: Any) -> list[Any]:
    found = []
    for one in rows(data):
        if isinstance(one, Mapping) and len(one) == 1:
            (value,) = one.values()
            found += rows(value) if not is_chat(value) else [value]
        else:
            found.append(one)
    return found


def _text(one: Any) -> str:
    if not isinstance(one, str):
        raise InvalidParameter(f"This model takes texts, or a table with one column of texts, not {_shown(one)}.")
    return str(one)


def _shown(one: Any) -> str:
    if isinstance(one, Mapping):
        return f"a row of {', '.join(map(repr, one))}"
    return f"a value of type {type(one).__name__}"
