"""Notes on a filter that finds nothing."""

import pytest

from runyard.core.entity import Tag
from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.filters.messages import ExplainFilter
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch
from tests.factories import a_point, a_run


@pytest.fixture(autouse=True)
def run(gate: Gate) -> str:
    """A run with a few keys."""
    run_id = a_run(gate)
    batch = LogBatch(
        run_id=run_id,
        metrics=[a_point("accuracy"), a_point("val/loss")],
        params=[Param(key="learning rate", value="0.1"), Param(key="optimizer", value="adam")],
        tags=[Tag(key="team", value="red")],
    )
    gate.perform(batch)
    return run_id


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("metrics.accuracy > 0 OR NOT params.optimizer = 'x'", []),
        ("metrics.ACC > 0", ["No run has the metric 'ACC'. Did you mean metrics.accuracy?"]),
        ("metrics.acuracy > 0", ["No run has the metric 'acuracy'. Did you mean metrics.accuracy?"]),
        (
            "NOT (status = 'FAILED' OR metrics.Val/Loss > 0)",
            ["No run has the metric 'Val/Loss'. Did you mean metrics.`val/loss`?"],
        ),
        ("params.learning_rate > 0", ["No run has the param 'learning_rate'. Did you mean params.`learning rate`?"]),
        ("tags.optimizer = 'x'", ["No run has the tag 'optimizer'. Did you mean params.optimizer?"]),
        ("tags.zzz = 'x' AND tags.team = 'x'", ["No run has the tag 'zzz'."]),
        ("note LIKE '%x%' OR starred = true", ["No run has a note.", "No run is starred."]),
        ("resnet", []),
    ],
)
def test_keys_that_no_run_has_are_named_with_near_ones(gate: Gate, text: str, notes: list[str]) -> None:
    """So that a misspelt key is not taken for a bad result."""
    assert notes == gate.ask(ExplainFilter(filter=text)).notes


def test_a_value_that_a_field_never_has_is_an_error(gate: Gate) -> None:
    """That names the values there are."""
    with pytest.raises(InvalidParameter, match=r"is never 'failed'\. It has one of: RUNNING, SCHEDULED, FINISHED"):
        gate.ask(ExplainFilter(filter="status = 'failed'"))
