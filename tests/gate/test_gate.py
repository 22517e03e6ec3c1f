"""The gate: the one way from a message to the database and back."""

import pytest

from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate, Performed
from runyard.tracking.runs.messages import GetRun, SetTag
from tests.factories import a_run


def test_every_operation_is_authorised_and_observed(gate: Gate) -> None:
    """The gate is the one place that access rules and audit hang on."""
    run_id = a_run(gate)
    seen: list[Performed] = []

    def refuse_writes(message: object) -> None:
        if isinstance(message, SetTag):
            raise InvalidParameter("not you")

    gate.authorisers.append(refuse_writes)
    gate.observers.append(seen.append)
    with pytest.raises(InvalidParameter, match="not you"):
        gate.perform(SetTag(run_id=run_id, key="t", value="x"))
    gate.perform(GetRun(run_id=run_id))

    assert ["set_tag", "get_run"] == [performed.message.operation.name for performed in seen]
    assert [True, False] == [performed.error is not None for performed in seen]
