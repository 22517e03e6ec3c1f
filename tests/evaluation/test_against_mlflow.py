"""Evaluations find what MLflow finds on the same data."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

import runyard
from tests.evaluation.evaluation_cases import RECORDED, answer, cases

pytestmark = pytest.mark.slow

EXPECTED: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
CLOSE = 1e-9


@cache
def _cases() -> dict[str, Callable[[], Any]]:
    """Every case, with models that are trained once for all tests."""
    return dict(cases(runyard))


def _close(cell: Any) -> Any:
    return pytest.approx(cell, rel=CLOSE, abs=CLOSE) if isinstance(cell, (int, float)) else cell


@pytest.mark.parametrize("name", EXPECTED)
def test_metrics_files_tables_and_datasets_are_those_of_mlflow(name: str) -> None:
    """Numbers agree to 1e-9; files, tables, kinds of artifacts and the noted dataset are the same."""
    found = json.loads(json.dumps(answer(runyard, _cases()[name])))
    expected = EXPECTED[name]
    assert {key: found[key] for key in ("artifacts", "files", "tagged")} == {
        key: expected[key] for key in ("artifacts", "files", "tagged")
    }
    for numbers in ("metrics", "logged"):
        assert found[numbers] == pytest.approx(expected[numbers], rel=CLOSE, abs=CLOSE)
    assert [(name, digest, json.loads(schema)) for name, digest, schema in found["datasets"]] == [
        (name, digest, json.loads(schema)) for name, digest, schema in expected["datasets"]
    ]
    assert found["tables"].keys() == expected["tables"].keys()
    for table, content in expected["tables"].items():
        assert found["tables"][table]["columns"] == content["columns"]
        for row, wanted in zip(found["tables"][table]["data"], content["data"], strict=True):
            assert [_close(cell) for cell in row] == wanted


def test_every_case_was_recorded() -> None:
    """No case goes unchecked because its record is missing."""
    assert list(_cases()) == list(EXPECTED)
