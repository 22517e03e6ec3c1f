"""Type hints of `predict`: what they say of the input is checked, what a signature cannot say never stops logging."""

import dataclasses
import datetime
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, List, Literal, Optional, Union  # noqa: UP035  (older programs write hints so)

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from runyard import pyfunc
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.models import infer_signature, validate_serving_input

NONE: dict[str, Any] = {"pip_requirements": []}
NOON = datetime.datetime(2024, 5, 1, 12)


class Message(BaseModel):
    """A message, with fields that a schema can name and fields that none can."""

    role: Literal["user", "agent"]
    text: str
    at: datetime.datetime | None = None


class Tree(BaseModel):
    """A class whose fields name itself."""

    size: int
    below: list["Tree"] = []


@dataclasses.dataclass
class Point:
    """A point of the plane."""

    x: float
    label: str | None = None


def _saved(hint: Any, returned: Any = None, **options: Any) -> pyfunc.PyFuncModel:
    """A function with these hints, saved as a model and loaded again; it tells what it is given."""

    def predict(rows: Any) -> Any:
        return [(type(rows).__name__, row) for row in rows]

    predict.__annotations__ = {"rows": hint} | ({} if returned is None else {"return": returned})
    pyfunc.save_model("model", python_model=predict, **options, **NONE)
    return pyfunc.load_model("model")


def _types(schema: Any) -> list[str]:
    return [repr(one.type) for one in schema]


RETURNED: list[Any] = [
    list[dict],  # type: ignore[type-arg]
    list[Literal["a"]],
    list[int | str],
    list[list],  # type: ignore[type-arg]
    dict,
    tuple[int, str],
    Iterator[str],
    pd.DataFrame,
    Literal["a"],
    "Unknown",
    list["Unknown"],  # type: ignore[name-defined]  # noqa: F821
    Tree,
    list[Tree],
]


@pytest.mark.parametrize("returned", RETURNED, ids=str)
def test_an_output_hint_never_stops_logging(returned: Any, store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is returned is the model's own affair: the signature of the input stands, without a word."""
    model = _saved(list[str], returned)
    signature = model.metadata.signature
    assert signature is not None
    assert (["string"], ["Any"]) == (_types(signature.inputs), _types(signature.outputs))
    assert [("list", "a")] == model.predict(["a"])
    assert "hint" not in caplog.text


def test_an_output_hint_that_a_schema_can_name_is_in_the_signature(store: Path) -> None:
    """With and without a list around it."""
    for returned in (list[float], float):
        signature = _saved(list[str], returned).metadata.signature
        assert signature is not None
        assert ["double"] == _types(signature.outputs)
        for file in Path("model").iterdir():
            file.unlink()


@pytest.mark.parametrize(
    ("hint", "rows"),
    [
        (list[Literal["a", "b"]], ["a", "b"]),
        (list[int | str], [1, "x"]),
        (list[Union[int, str]], [1, "x"]),  # noqa: UP007
        (list[Optional[str]], ["a", None]),  # noqa: UP045
        (list[list], [["x"], [1]]),  # type: ignore[type-arg]
        (list[dict], [{"a": 1}, {}]),  # type: ignore[type-arg]
        (list[tuple], [(1, 2)]),  # type: ignore[type-arg]
        (list[np.generic], [np.float64(1)]),
        (list[Tree], [Tree(size=1, below=[Tree(size=2)])]),
        (list, ["x", 1]),
        (List, ["x", 1]),  # noqa: UP006
        (list["Unknown"], ["x"]),  # type: ignore[name-defined]  # noqa: F821
    ],
    ids=str,
)
def test_input_that_no_schema_can_name_is_any(
    hint: Any, rows: list[Any], store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The model is logged with a warning, and handed the list it was promised, whatever example came with it."""
    given = [json.loads(row.model_dump_json()) if isinstance(row, BaseModel) else row for row in rows]
    example = {} if isinstance(rows[0], tuple | np.generic) else {"input_example": given}
    model = _saved(hint, **example)
    signature = model.metadata.signature
    assert signature is not None
    assert ["Any"] == _types(signature.inputs)
    assert [("list", row) for row in rows] == model.predict(given)
    assert "No signature has a type for" in caplog.text


def test_hints_of_any_value_warn_of_nothing(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An Any is deliberate."""
    assert [("list", 1), ("list", "x")] == _saved(list[Any]).predict([1, "x"])
    assert "hint" not in caplog.text


def test_a_list_hint_beats_the_table_of_a_signature(store: Path) -> None:
    """A signature given beside the hint is checked; the function still gets its list."""
    model = _saved(list, signature=infer_signature(["x"], ["y"]))
    assert [("list", "x"), ("list", "y")] == model.predict(["x", "y"])


@pytest.mark.parametrize(
    ("hint", "given", "taken"),
    [
        (list[datetime.datetime], ["2024-05-01T12:00:00"], [NOON]),
        (list[datetime.datetime], ["2024-05-01T14:00:00+02:00", NOON], [NOON, NOON]),
        (list[datetime.datetime], pd.DataFrame({"at": [NOON]}), [NOON]),
        (list[datetime.date], ["2024-05-01"], [NOON.date()]),
        (list[list[datetime.datetime]], [["2024-05-01T12:00:00"]], [[NOON]]),
        (list[dict[str, datetime.datetime]], [{"at": "2024-05-01T12:00:00"}], [{"at": NOON}]),
        (list[float], [1, 2.5], [1, 2.5]),
        (Sequence[str], pd.DataFrame({"text": ["a"]}), ["a"]),
        (Iterable[int], [1], [1]),
        (list[Point], [{"x": 1.0}], [Point(1.0)]),
        (list[list[Point]], [[{"x": 1.0, "label": "a"}]], [[Point(1.0, "a")]]),
        (list[Message], [{"role": "user", "text": "hi"}], [Message(role="user", text="hi")]),
    ],
    ids=str,
)
def test_input_becomes_what_its_hint_says(hint: Any, given: Any, taken: list[Any], store: Path) -> None:
    """Dates are read and objects made, at every depth."""
    assert [("list", one) for one in taken] == _saved(hint).predict(given)


@pytest.mark.parametrize(
    ("hint", "row", "says"),
    [
        (list[datetime.datetime], 1714564800000, "1714564800000 is not a date: send ISO 8601"),
        (list[datetime.datetime], "1714564800000", "is not a date"),
        (list[datetime.date], "yesterday", "'yesterday' is not a date"),
        (list[str], 1, "1 is not text"),
        (list[int], True, "True is not a whole number"),
        (list[bool], 1, "1 is not a boolean"),
        (list[Optional[str]], 1, "1 is not text"),  # noqa: UP045
        (list[list[str]], "a", "'a' is not a list"),
        (list[dict[str, int]], {"a": "x"}, "'x' is not a whole number"),
        (list[dict[str, int]], [], "[] is not a dictionary"),
        (list[Message], {"role": "cook", "text": "hi"}, "role: Input should be 'user' or 'agent'"),
        (list[Message], {"role": "user"}, "text: Field required"),
        (list[Point], {"z": 1}, "unexpected keyword argument 'z'"),
    ],
    ids=str,
)
def test_input_that_breaks_its_hint_is_refused(hint: Any, row: Any, says: str, store: Path) -> None:
    """The message names the value and what it should be, in a line."""
    with pytest.raises(InvalidParameter) as refused:
        _saved(hint).predict([row])
    assert says in refused.value.message
    assert "\n" not in refused.value.message


class Repeated(pyfunc.PythonModel):
    """Repeats each text as often as it is asked."""

    def predict(self, model_input: list[str], params: dict[str, Any] | None = None) -> list[str]:  # type: ignore[override]
        """The texts, repeated."""
        return [text * (params or {})["times"] for text in model_input]


def test_params_of_an_example_stay_beside_hints(store: Path) -> None:
    """They have their defaults, can be given, and are checked, as without hints."""
    pyfunc.save_model("model", python_model=Repeated(), input_example=(["a"], {"times": 2}), **NONE)
    model = pyfunc.load_model("model")
    assert (["xx"], ["xxx"]) == (model.predict(["x"]), model.predict(["x"], params={"times": 3}))
    with pytest.raises(RunyardException, match="'times'"):
        model.predict(["x"], params={"times": "often"})


@pytest.mark.parametrize(
    ("hint", "body", "taken"),
    [
        (list[str], {"inputs": ["a", "NA"]}, ["a", "NA"]),
        (list[str], {"instances": ["a"]}, ["a"]),
        (list[str], {"dataframe_split": {"columns": ["q"], "data": [["a"]]}}, ["a"]),
        (list[datetime.datetime], {"inputs": ["2024-05-01T14:00:00+02:00"]}, [NOON]),
        (list[bytes], {"inputs": ["YQ=="]}, [b"a"]),
        (list[Point], {"dataframe_records": [{"x": 1}]}, [Point(1.0, None)]),
        (list[Message], {"inputs": [{"role": "user", "text": "hi"}]}, [Message(role="user", text="hi")]),
        (list, {"inputs": ["x", 1]}, ["x", 1]),
        (list[int | str], {"instances": ["x", 1]}, ["x", 1]),
    ],
    ids=str,
)
def test_requests_reach_hinted_models(hint: Any, body: dict[str, Any], taken: list[Any], store: Path) -> None:
    """A client sends JSON, and the function gets what its hint says."""
    _saved(hint)
    assert [("list", one) for one in taken] == validate_serving_input("model", body)


def test_numbers_are_not_dates_for_hinted_models(store: Path) -> None:
    """The rule of signatures holds for hints."""
    _saved(list[datetime.datetime])
    for form in ("inputs", "instances"):
        with pytest.raises(RunyardException, match="send ISO 8601"):
            validate_serving_input("model", {form: [1714564800000]})
