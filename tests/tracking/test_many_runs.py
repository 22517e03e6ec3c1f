"""Many runs deleted, restored and tagged in one operation."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from runyard.client import RunyardClient
from runyard.core.entity import Tag
from runyard.db import jobs
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.experiments import stages
from runyard.tracking.experiments.messages import DeleteExperiment, GetExperiment, RestoreExperiment
from runyard.tracking.many_runs import operations
from runyard.tracking.many_runs.messages import (
    MAX_READ,
    MAX_RUNS,
    DeleteRuns,
    GetRuns,
    ListRunDeletions,
    RestoreRuns,
    TagRuns,
)
from runyard.tracking.run_changes import operations as changes
from runyard.tracking.runs.messages import DeleteRun, SearchRuns
from tests.factories import a_run, an_experiment, pairs, shown_run
from tests.tracking.test_stages import first_step, performed, stages_of

MISSING = "f" * 32


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few runs make several pieces."""
    monkeypatch.setattr(operations, "PIECE", 3)
    monkeypatch.setattr(changes, "PIECE", 2)
    monkeypatch.setattr(stages, "PIECE", 3)
    monkeypatch.setattr(jobs, "PIECE_SECONDS", 0)


def refused(answer: dict[str, Any]) -> dict[str, str]:
    """The refused runs of an answer and their codes."""
    return {one["run_id"]: one["error_code"] for one in answer["refused"]}


def test_runs_are_read_by_their_ids(gate: Gate) -> None:
    """In the order that was asked for, deleted ones too; an unknown one is named, and the number has a limit."""
    made = [a_run(gate) for _ in range(3)]
    gate.perform(DeleteRun(run_id=made[1]))

    assert [made[2], made[1]] == [run.info.run_id for run in gate.ask(GetRuns(run_ids=[made[2], made[1]])).runs]
    with pytest.raises(DoesNotExist, match=MISSING):
        gate.perform(GetRuns(run_ids=[made[0], MISSING]))
    for wrong in ([], made * MAX_READ):
        with pytest.raises(InvalidParameter, match="1 to 100 are needed"):
            gate.perform(GetRuns(run_ids=wrong))


def test_when_runs_were_deleted(gate: Gate) -> None:
    """On their own or with their experiment; active and unknown ones are left out."""
    experiment_id = an_experiment(gate)
    alone, along, active = a_run(gate, experiment_id), a_run(gate, experiment_id), a_run(gate)
    gate.perform(DeleteRun(run_id=alone))
    gate.perform(DeleteExperiment(experiment_id=experiment_id))

    found = {one.run_id: one for one in gate.ask(ListRunDeletions(run_ids=[alone, along, active, MISSING])).runs}

    assert {alone: (False, False), along: (True, False)} == {
        run_id: (one.with_experiment, one.being_removed) for run_id, one in found.items()
    }
    deleted = gate.perform(GetExperiment(experiment_id=experiment_id))["experiment"]["last_update_time"]
    assert found[along].deleted_time == deleted >= found[alone].deleted_time > 0


def test_deleted_and_restored_with_an_account_of_each(gate: Gate) -> None:
    """A run given twice counts once; one that is not there is named; the others of its piece are changed."""
    experiment_id = an_experiment(gate)
    made = [a_run(gate, experiment_id) for _ in range(8)]
    gate.perform(DeleteRun(run_id=made[1]))

    answer = gate.perform(DeleteRuns(run_ids=[*made[:7], made[0], MISSING]))
    assert (6, 1, {MISSING: "RESOURCE_DOES_NOT_EXIST"}) == (answer["changed"], answer["unchanged"], refused(answer))
    assert [made[7]] == [run for run, stage in stages_of(gate, experiment_id).items() if stage == "active"]

    answer = gate.perform(RestoreRuns(run_ids=[*made, MISSING]))
    assert (7, 1, {MISSING: "RESOURCE_DOES_NOT_EXIST"}) == (answer["changed"], answer["unchanged"], refused(answer))
    assert {"active"} == set(stages_of(gate, experiment_id).values())


def test_run_deleted_so_stays_when_its_experiment_comes_back(gate: Gate) -> None:
    """As runs deleted one by one do; a run on its way with its experiment is refused, to be asked again."""
    experiment_id = an_experiment(gate)
    made = [a_run(gate, experiment_id) for _ in range(7)]
    gate.perform(DeleteRuns(run_ids=made[:2]))
    going_on = performed(gate, first_step(DeleteExperiment(experiment_id=experiment_id)))
    answer = gate.perform(RestoreRuns(run_ids=made[:1]))
    assert {made[0]: "TEMPORARILY_UNAVAILABLE"} == refused(answer)
    while going_on:
        going_on = performed(gate, going_on)

    going_on = performed(gate, first_step(RestoreExperiment(experiment_id=experiment_id)))
    answer = gate.perform(DeleteRuns(run_ids=made))
    assert set(refused(answer).values()) == {"TEMPORARILY_UNAVAILABLE"}
    while going_on:
        going_on = performed(gate, going_on)
    assert answer["changed"] == sum(stage == "deleted" for stage in stages_of(gate, experiment_id).values()) - 2


def test_tags_are_set_and_removed(gate: Gate) -> None:
    """On every active run, in what searches compare and in what answers show; deleted runs are refused."""
    experiment_id = an_experiment(gate)
    made = [a_run(gate, experiment_id, tags={"old": "x", f"own{number}": "y"}) for number in range(5)]
    gate.perform(DeleteRun(run_id=made[4]))

    tags = [Tag(key="team", value="été"), Tag(key="mlflow.runName", value="all alike")]
    answer = gate.perform(TagRuns(run_ids=[*made, MISSING], tags=tags, removed_keys=["old", "never there"]))
    assert (4, {made[4]: "INVALID_PARAMETER_VALUE", MISSING: "RESOURCE_DOES_NOT_EXIST"}) == (
        answer["changed"], refused(answer)
    )  # fmt: skip
    for number, run_id in enumerate(made[:4]):
        run = shown_run(gate, run_id)
        assert {"team": "été", "mlflow.runName": "all alike", f"own{number}": "y"} == pairs(run["data"]["tags"])
        assert "all alike" == run["info"]["run_name"]
    found = gate.perform(SearchRuns(experiment_ids=[experiment_id], filter="tags.team = 'été'"))
    assert 4 == len(found["runs"])


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        (DeleteRuns(run_ids=["no/id"]), "'no/id'"),
        (DeleteRuns(run_ids=[MISSING] * (MAX_RUNS + 1)), "1 to 10,000"),
        (TagRuns(run_ids=[MISSING]), "1 to 100"),
        (TagRuns(run_ids=[MISSING], tags=[Tag(key="", value="x")]), "tags"),
        (TagRuns(run_ids=[MISSING], tags=[Tag(key="a", value="x")], removed_keys=["a"]), "Choose one"),
    ],
)
def test_what_is_wrong_is_refused_whole(gate: Gate, message: Any, wrong: str) -> None:
    """Nothing is changed then."""
    with pytest.raises(InvalidParameter, match=wrong):
        gate.perform(message)


def test_no_runs_are_refused(gate: Gate) -> None:
    """An empty list is a mistake of the caller's program."""
    with pytest.raises(InvalidParameter, match="run_ids"):
        gate.perform(DeleteRuns(run_ids=[]))


def test_client_sends_many_in_several_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More runs than one message takes; none at all are fine."""
    client = RunyardClient(f"sqlite:///{tmp_path / 'store.db'}")
    made = [client.create_run("0").info.run_id for _ in range(5)]
    monkeypatch.setattr("runyard.tracking.many_runs.client.MAX_RUNS", 2)
    assert 5 == client.delete_runs(made).changed
    assert [MISSING] == [one.run_id for one in client.restore_runs([*made, MISSING]).refused]
    assert 5 == client.tag_runs(made, {"a": 1}).changed
    assert {"1"} == {client.get_run(run_id).data.tags["a"] for run_id in made}
    assert 0 == client.delete_runs([]).changed


class OneByOne(BaseHTTPRequestHandler):
    """A server as MLflow's: it deletes a run a request, and knows only one."""

    def do_POST(self) -> None:
        """Answer as MLflow does."""
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        known = self.path.endswith("/runs/delete")
        status, body = (200, b"{}") if known and MISSING.encode() not in sent else (404, b"<p>Not Found</p>")
        if known and status == 404:
            body = b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No such run."}'
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_server_without_the_operation_is_asked_one_by_one() -> None:
    """The account is the same."""
    with ThreadingHTTPServer(("127.0.0.1", 0), OneByOne) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = RunyardClient(f"http://127.0.0.1:{server.server_address[1]}")
        done = client.delete_runs(["a" * 32, MISSING])
        server.shutdown()
    assert (1, [(MISSING, "RESOURCE_DOES_NOT_EXIST")]) == (
        done.changed, [(one.run_id, one.error_code) for one in done.refused]
    )  # fmt: skip
