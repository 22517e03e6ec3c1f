"""Runs whose programs said that they go on, and no longer do."""

import itertools

import pytest

from runyard.core.clock import now_ms
from runyard.db.transaction import Transaction
from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.origins import silence
from runyard.tracking.origins.messages import Beat, NoteOrigin
from runyard.tracking.origins.silence import LOST_AFTER_MS
from runyard.tracking.runs import conditions
from runyard.tracking.runs.messages import CountRuns, GetRun, SearchRuns, UpdateRun
from tests.factories import a_run, an_experiment

LATER = LOST_AFTER_MS + 60_000
FILTERS = ("lost = true", "NOT lost = true", "lost = false", "lost = true OR status = 'FAILED'", "lost != true")


@pytest.fixture
def later(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many milliseconds later it is than the clock says, in a list."""
    added = [0]
    was = Transaction.__init__

    def moved(self: Transaction, *given: object, **more: object) -> None:
        was(self, *given, **more)  # type: ignore[arg-type]
        self.now_ms += added[0]

    monkeypatch.setattr(Transaction, "__init__", moved)
    monkeypatch.setattr(conditions, "now_ms", lambda: now_ms() + added[0])
    return added


def lost_since(gate: Gate, run_id: str) -> int | None:
    """What the store says of a run."""
    return gate.ask(GetRun(run_id=run_id)).run.info.lost_since


def found(gate: Gate, experiment_id: str, wanted: str) -> set[str]:
    """The runs that a filter finds."""
    runs = gate.ask(SearchRuns(experiment_ids=[experiment_id], filter=wanted)).runs
    count = gate.ask(CountRuns(experiment_ids=[experiment_id], filter=wanted)).count
    assert count == len(runs)
    return {run.info.run_id for run in runs}


def test_a_silent_run_is_lost_until_it_is_heard_of_again(gate: Gate, later: list[int]) -> None:
    """Its status stays RUNNING all the time."""
    run_id = a_run(gate)
    gate.perform(Beat(run_ids=[run_id, "f" * 32]))
    assert lost_since(gate, run_id) is None
    later[0] = LATER
    since = lost_since(gate, run_id)
    assert since is not None
    assert gate.ask(GetRun(run_id=run_id)).run.info.status == "RUNNING"
    assert gate.perform(UpdateRun(run_id=run_id, run_name="other"))["run_info"]["lost_since"] == since
    gate.perform(Beat(run_ids=[run_id]))
    assert lost_since(gate, run_id) is None


def test_runs_that_never_beat_or_have_ended_are_not_lost(gate: Gate, later: list[int]) -> None:
    """Those of other clients, those that began offline, and those that finished."""
    never, told, ended = a_run(gate), a_run(gate), a_run(gate)
    gate.perform(NoteOrigin(run_id=told, python="3.12"))
    gate.perform(Beat(run_ids=[ended]))
    gate.perform(UpdateRun(run_id=ended, status="FINISHED"))
    later[0] = LATER

    assert [None] * 3 == [lost_since(gate, run_id) for run_id in (never, told, ended)]


def test_filters_find_lost_runs_as_one_would_by_hand(gate: Gate, later: list[int]) -> None:
    """Alone, negated, and among other conditions."""
    home = an_experiment(gate)
    runs = {}
    for status, beats in itertools.product(("RUNNING", "FINISHED", "FAILED", "SCHEDULED"), (False, True)):
        run_id = a_run(gate, home)
        gate.perform(Beat(run_ids=[run_id] if beats else ["f" * 32]))
        gate.perform(UpdateRun(run_id=run_id, status=status))
        runs[run_id] = (status, beats)
    later[0] = LATER
    fresh = a_run(gate, home)
    gate.perform(Beat(run_ids=[fresh]))
    runs[fresh] = ("RUNNING", False)

    lost = {run_id for run_id, (status, beats) in runs.items() if beats and status == "RUNNING"}
    failed = {run_id for run_id, (status, _) in runs.items() if status == "FAILED"}
    assert len(lost) == 1
    expected = (lost, runs.keys() - lost, runs.keys() - lost, lost | failed, runs.keys() - lost)
    assert list(expected) == [found(gate, home, wanted) for wanted in FILTERS]


@pytest.mark.parametrize("wrong", ["lost = 'yes'", "lost > true", "lost IS NULL", "tags.x = '1' AND lost = 1"])
def test_wrong_conditions_are_refused(gate: Gate, wrong: str) -> None:
    """With what may be written."""
    with pytest.raises(InvalidParameter):
        gate.perform(SearchRuns(experiment_ids=["0"], filter=wrong))


@pytest.mark.parametrize("wrong", [[], ["no id!"], ["a" * 32] * 1_001])
def test_wrong_beats_are_refused(gate: Gate, wrong: list[str]) -> None:
    """Each names one to a thousand runs."""
    with pytest.raises(InvalidParameter):
        gate.perform(Beat(run_ids=wrong))


def test_a_server_that_was_away_takes_nobody_for_lost_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs get the time for a beat; who was silent for an hour before is lost all the same."""
    began = 1_700_000_000_000
    monkeypatch.setattr(silence._Process, "serving_since", began)

    assert silence.lost_since(began - 10 * 60_000, began + 1_000) is None
    assert silence.lost_since(began - 2 * 3_600_000, began + 1_000)
    assert silence.lost_since(began - 10 * 60_000, began + LOST_AFTER_MS)
    assert silence.lost_since(None, began + LOST_AFTER_MS) is None
