"""Answers that no server of Runyard's or MLflow's would give: another program answers at the tracking URI."""

from typing import Any

import pytest

from runyard.exceptions import RunyardException
from runyard.protocol.answer import Answer
from runyard.tracking.experiments.messages import ExperimentFound, ExperimentsFound
from runyard.tracking.logged_models.messages import LoggedModelFound
from runyard.tracking.runs.messages import RunFound, RunsFound

INFO = {"run_id": "r", "experiment_id": "0", "start_time": 1}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ExperimentFound, {"hello": 1}),
        (ExperimentFound, {"experiment": "x"}),
        (ExperimentsFound, {"experiments": 5}),
        (ExperimentsFound, {"experiments": ["x"]}),
        (RunFound, {"run": {}}),
        (RunFound, {"run": {"info": INFO, "data": {"tags": ["x"]}}}),
        (RunFound, {"run": {"info": INFO, "data": {"tags": [{"value": "no key"}]}}}),
        (RunFound, {"run": {"info": {**INFO, "start_time": "today"}, "data": {}}}),
        (RunsFound, {"runs": [None]}),
        (LoggedModelFound, {"model": {"info": None}}),
    ],
)
def test_an_answer_of_another_program_is_said_to_be_one(kind: type[Answer], fields: dict[str, Any]) -> None:
    """With what to look at, not with the error of whatever line stumbled over it."""
    with pytest.raises(RunyardException, match=r"The answer is not one of Runyard or MLflow: .*Check the tracking URI"):
        kind.from_wire(fields)
