"""Lists of chosen runs: kept for a while, and what finds their ids."""

import pytest

from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.many_runs.messages import MAX_RUNS, FindRunIds
from runyard.tracking.runs.messages import DeleteRun, LogBatch
from runyard.tracking.selections import operations
from runyard.tracking.selections.messages import CreateSelection, GetSelection
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.support.clock import wait_for_the_clock

A, B, C = "a" * 32, "b" * 32, "c" * 32


def kept(gate: Gate, selection_id: str) -> list[str]:
    """The runs of a selection."""
    return gate.ask(GetSelection(selection_id=selection_id)).run_ids


def test_a_selection_is_kept_as_given_and_never_changes(gate: Gate) -> None:
    """Each run once, in order; adding and leaving out makes another selection."""
    first = gate.ask(CreateSelection(run_ids=[B, A, B]))
    second = gate.ask(CreateSelection(selection_id=first.selection_id, run_ids=[C, A], without=[B]))

    assert [B, A] == first.run_ids == kept(gate, first.selection_id)
    assert [A, C] == second.run_ids == kept(gate, second.selection_id)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"run_ids": []},
        {"run_ids": ["no id!"]},
        {"run_ids": [A] * (MAX_RUNS + 1)},
        {"run_ids": [A], "without": [A]},
        {"run_ids": [A], "without": [A] * (MAX_RUNS + 1)},
        {"run_ids": [A], "selection_id": "x' OR 1=1"},
    ],
)
def test_wrong_selections_are_refused(gate: Gate, wrong: dict[str, object]) -> None:
    """Nothing is kept of them."""
    with pytest.raises(InvalidParameter):
        gate.ask(CreateSelection.from_wire(wrong))


def test_a_selection_is_dropped_when_its_time_is_over(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one that is made drops it, and who asks for it is told."""
    old = gate.ask(CreateSelection(run_ids=[A])).selection_id
    monkeypatch.setattr(operations, "KEPT_MS", 0)
    wait_for_the_clock()
    gate.ask(CreateSelection(run_ids=[B]))

    with pytest.raises(DoesNotExist, match="seven days"):
        kept(gate, old)
    with pytest.raises(DoesNotExist):
        gate.ask(CreateSelection(selection_id=old, run_ids=[C]))


def test_ids_of_what_a_search_finds(gate: Gate) -> None:
    """Newest first, by filter and view, up to a bound that the answer says."""
    experiment_id = an_experiment(gate)
    made = [a_run(gate, experiment_id, start_time=NOW + index) for index in range(5)]
    for index, run_id in enumerate(made):
        gate.perform(LogBatch(run_id=run_id, metrics=[a_point("m", float(index))]))
    gate.perform(DeleteRun(run_id=made[4]))

    def found(
        filter_text: str | None = None, view: str = "ACTIVE_ONLY", most: int = MAX_RUNS
    ) -> tuple[list[str], bool]:
        question = FindRunIds(experiment_ids=[experiment_id], filter=filter_text, run_view_type=view, max_results=most)
        answer = gate.ask(question)
        return answer.run_ids, answer.more

    assert (made[3::-1], False) == found()
    assert (made[3:1:-1], False) == found("metrics.m > 1")
    assert ([made[4]], False) == found(view="DELETED_ONLY")
    assert ([], False) == found("metrics.m > 9")
    assert (made[3:1:-1], True) == found(most=2)
    for wrong in ({"filter_text": "metrics.m >> 1"}, {"most": 0}, {"most": MAX_RUNS + 1}):
        with pytest.raises(InvalidParameter):
            found(**wrong)
