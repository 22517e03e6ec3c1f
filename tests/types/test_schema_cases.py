"""Types, signatures, enforcement and examples beside the real mlflow, question by question.

`schema_cases.py` asked the real one. Where our answer is another, `schema-differences.json` has it with the reason.
"""

import json
import logging
from typing import Any

import pytest

from tests.types.schema_cases import DATA, answer, recorded

RECORDED = recorded("signatures") | recorded("enforcement") | recorded("examples")
DIFFERENT: dict[str, Any] = json.loads((DATA / "schema-differences.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("question", sorted(RECORDED.keys() - DIFFERENT.keys()))
def test_the_answer_is_that_of_mlflow(question: str, caplog: pytest.LogCaptureFixture) -> None:
    """A signature, an enforced input or the files of an example are what the real mlflow makes of them."""
    caplog.set_level(logging.ERROR)

    assert RECORDED[question] == answer("runyard", question)


@pytest.mark.parametrize("question", sorted(DIFFERENT))
def test_an_answer_that_differs_from_that_of_mlflow_is_the_one_we_chose(question: str) -> None:
    """Each difference has a reason, and is one still."""
    assert DIFFERENT[question]["why"]
    assert DIFFERENT[question]["answer"] == answer("runyard", question) != RECORDED[question]
