"""Claims on runs that are removed for good, by a server and by `runyard gc` at once, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from runyard.db.facts import ARTIFACTS_DESTINATION, note_fact
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import CreateExperiment, DeleteExperiment, RestoreExperiment
from runyard.tracking.many_runs.messages import DeleteRuns, RemoveRuns, RestoreRuns
from runyard.tracking.removal.claims import find_claimed, take_over
from runyard.tracking.removal.remover import remove_rows
from runyard.tracking.runs.messages import CreateRun, DeleteRun, GetRun
from tests.support.removal import open_remover, open_server_gate
from tests.tracking.test_many_runs import refused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the server keeps artifacts."""
    return tmp_path / "artifacts"


@pytest.fixture
def gate(new_store: str, folder: Path) -> Iterator[Gate]:
    """The gate of a server, which opens its folder for others."""
    with open_server_gate(new_store, folder) as opened:
        yield opened


def _experiment(gate: Gate) -> str:
    return str(gate.perform(CreateExperiment(name="tidied"))["experiment_id"])


def _deleted(gate: Gate, experiment_id: str, amount: int = 1) -> list[str]:
    message = CreateRun(experiment_id=experiment_id)
    run_ids = [str(gate.perform(message)["run"]["info"]["run_id"]) for _ in range(amount)]
    gate.perform(DeleteRuns(run_ids=run_ids))
    return run_ids


def _counts(gate: Gate, run_ids: list[str]) -> tuple[int, int, int]:
    answer = gate.perform(RemoveRuns(run_ids=run_ids))
    return answer["changed"], answer["unchanged"], len(answer["refused"])


def test_claim_that_others_took_over_cannot_be_given_up(gate: Gate, new_store: str) -> None:
    """The server may have deleted artifacts since, so the run must not come back; what only gc claimed does."""
    asked, swept, own = _deleted(gate, _experiment(gate), 3)
    with open_remover(new_store) as remover:
        claim = remover.claim_runs([asked, swept, own])
        assert (0, 1, 0) == _counts(gate, [asked])
        assert {swept} == gate.administer(lambda tx: take_over(tx, [swept]))
        remover.release_runs([asked, swept, own], claim)

    assert {asked: "RESOURCE_CONFLICT", swept: "RESOURCE_CONFLICT"} == refused(
        gate.perform(RestoreRuns(run_ids=[asked, swept, own]))
    )
    assert "active" == gate.perform(GetRun(run_id=own))["run"]["info"]["lifecycle_stage"]


def test_gc_gives_up_no_run_that_was_claimed_before(gate: Gate, new_store: str) -> None:
    """By the server, or by a gc that was killed; and a second gc takes over from one that goes on."""
    (run_id,) = _deleted(gate, _experiment(gate))
    assert (1, 0, 0) == _counts(gate, [run_id])
    with open_remover(new_store) as first, open_remover(new_store) as second:
        claims = [one.claim_runs([run_id]) for one in (first, second)]
        assert all(claim.begun_before == {run_id} for claim in claims)
        assert claims[0].time < claims[1].time
        second.release_runs([run_id], claims[1])
        first.release_runs([run_id], claims[0])

    assert {run_id: "RESOURCE_CONFLICT"} == refused(gate.perform(RestoreRuns(run_ids=[run_id])))


def test_released_run_is_not_removed_by_who_comes_late(gate: Gate, new_store: str) -> None:
    """A server that had seen the claim of gc asks once more before it deletes anything."""
    (run_id,) = _deleted(gate, _experiment(gate))
    with open_remover(new_store) as remover:
        claim = remover.claim_runs([run_id])
        seen = gate.inspect(lambda tx: find_claimed(tx, None))
        remover.release_runs([run_id], claim)

    assert [run_id] == [one.id for one in seen]
    assert frozenset() == gate.administer(lambda tx: take_over(tx, [run_id]))
    gate.administer(lambda tx: remove_rows(tx, [run_id]))
    assert 1 == gate.perform(RestoreRuns(run_ids=[run_id]))["changed"]


def test_experiment_that_comes_back_leaves_claimed_runs_deleted(gate: Gate) -> None:
    """Its others are active again."""
    experiment_id = _experiment(gate)
    made = [str(gate.perform(CreateRun(experiment_id=experiment_id))["run"]["info"]["run_id"]) for _ in range(2)]
    gate.perform(DeleteExperiment(experiment_id=experiment_id))
    assert (1, 0, 0) == _counts(gate, made[:1])
    gate.perform(RestoreExperiment(experiment_id=experiment_id))

    stages = [gate.perform(GetRun(run_id=run_id))["run"]["info"]["lifecycle_stage"] for run_id in made]
    assert ["deleted", "active"] == stages


def test_only_what_the_server_keeps_is_claimed(gate: Gate, folder: Path, tmp_path: Path) -> None:
    """Nothing of other places, and nothing behind the server's address once another place was noted for that."""
    here = _deleted(gate, _experiment(gate))
    beside = gate.perform(CreateExperiment(name="beside", artifact_location=f"{folder}/own"))["experiment_id"]
    away = gate.perform(CreateExperiment(name="away", artifact_location="s3://theirs/runs"))["experiment_id"]
    direct, remote = _deleted(gate, beside), _deleted(gate, away)
    assert (0, 0, 1) == _counts(gate, remote)
    gate.administer(lambda tx: note_fact(tx, ARTIFACTS_DESTINATION, str(tmp_path / "moved")))

    assert {here[0]: "INVALID_PARAMETER_VALUE"} == refused(gate.perform(RemoveRuns(run_ids=here)))
    assert (1, 0, 0) == _counts(gate, direct)
    assert [f"own/{direct[0]}/artifacts"] == [one.path for one in gate.inspect(lambda tx: find_claimed(tx, None))]
    gate.administer(lambda tx: note_fact(tx, ARTIFACTS_DESTINATION, str(folder)))
    assert (1, 0, 0) == _counts(gate, here)


def test_a_store_without_a_server_refuses_and_names_the_command(tmp_path: Path) -> None:
    """Nobody would go on with it: the run could neither be restored nor would it ever go."""
    client = RunyardClient(f"sqlite:///{tmp_path / 'store.db'}")
    run_id = client.create_run("0").info.run_id
    client.delete_run(run_id)

    done = client.remove_runs([run_id])

    assert (0, [f"runyard gc --run-ids {run_id}"]) == (
        done.changed,
        [one.message.partition("with: ")[2] for one in done.refused],
    )
    assert 1 == client.restore_runs([run_id]).changed


def test_run_that_is_active_is_refused(gate: Gate) -> None:
    """Removing is the second of two steps."""
    run_id = str(gate.perform(CreateRun(experiment_id=_experiment(gate)))["run"]["info"]["run_id"])
    assert {run_id: "INVALID_PARAMETER_VALUE"} == refused(gate.perform(RemoveRuns(run_ids=[run_id])))
    gate.perform(DeleteRun(run_id=run_id))
    assert (1, 0, 0) == _counts(gate, [run_id, run_id])
