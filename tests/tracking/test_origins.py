"""What runs were started with: noted once, shared where it is equal, gone with its runs."""

from typing import Any

import pytest
import sqlalchemy as sa

from runyard.core.entity import Tag
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.origins import operations
from runyard.tracking.origins.messages import MAX_PATCH, MAX_READ, GetOrigin, GetOrigins, NoteOrigin, Origin
from runyard.tracking.origins.tables import origin_texts
from runyard.tracking.runs.messages import DeleteRun
from tests.factories import a_run
from tests.support.clock import wait_for_the_clock
from tests.support.removal import open_remover

TOLD: dict[str, Any] = {
    "command": ["python", "train.py", "--name", "größte Rate"],
    "folder": "/home/ada/spam",
    "below": "src",
    "variables": [Tag(key="CUDA_VISIBLE_DEVICES", value="0")],
    "python": "3.12.4",
    "packages": ["numpy==2.1.0", "# spam==1 from /home/ada/spam"],
    "processor": "AMD EPYC",
    "cores": 16,
    "memory": 2**40,
    "gpus": ["NVIDIA H100", "NVIDIA H100"],
}


def asked(gate: Gate, run_id: str) -> Origin:
    """What the store says of a run."""
    return gate.ask(GetOrigin(run_id=run_id))


def texts(gate: Gate) -> int:
    """How many packages, machines and patches are stored."""
    return int(gate.inspect(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(origin_texts))))


def test_what_is_noted_first_stays_and_the_patch_may_come_later(gate: Gate) -> None:
    """A journal delivers a message twice when its process was killed in between."""
    run_id = a_run(gate)
    gate.perform(NoteOrigin(run_id=run_id, **TOLD))
    gate.perform(NoteOrigin(run_id=run_id, patch="--- a\n"))
    before = asked(gate, run_id)
    gate.perform(NoteOrigin(run_id=run_id, command=["other"], python="2.7", patch="no"))

    assert before == asked(gate, run_id)
    assert {name: getattr(before, name) for name in TOLD} == TOLD
    assert (before.patch, before.host, before.run_id) == ("--- a\n", "", run_id)


def test_runs_that_told_nothing_have_nothing(gate: Gate) -> None:
    """Those of other clients; an unknown run is an error."""
    run_id = a_run(gate)

    assert asked(gate, run_id) == Origin(run_id=run_id)
    assert asked(gate, run_id).patch is None
    with pytest.raises(DoesNotExist):
        asked(gate, "f" * 32)
    with pytest.raises(DoesNotExist):
        gate.perform(NoteOrigin(run_id="f" * 32, python="3"))


def test_origins_of_several_runs_are_read_together(gate: Gate) -> None:
    """Pages that compare runs ask once; long lists come when they are wanted, and a digest tells patches apart."""
    run_ids = [a_run(gate) for _ in range(4)]
    for run_id, patch in zip(run_ids, ("--- a\n", "--- b\n", ""), strict=False):
        gate.perform(NoteOrigin(run_id=run_id, patch=patch, **TOLD))

    whole = gate.ask(GetOrigins(run_ids=run_ids, packages=True, patches=True)).origins
    short = gate.ask(GetOrigins(run_ids=[run_ids[2], run_ids[0]])).origins

    assert [asked(gate, run_id) for run_id in run_ids] == whole
    assert [run_ids[2], run_ids[0]] == [origin.run_id for origin in short]
    assert (["", None], [[], []]) == ([one.patch for one in short], [one.packages for one in short])
    assert 3 == len({origin.changes for origin in whole[:3]})
    assert short[1].changes == whole[0].changes


@pytest.mark.parametrize("wrong", [[], ["f" * 32] * (MAX_READ + 1), ["no id!"]])
def test_a_wrong_number_of_origins_is_refused(gate: Gate, wrong: list[str]) -> None:
    """The error says how many are read at a time; one unknown run is named."""
    with pytest.raises(InvalidParameter):
        gate.perform(GetOrigins(run_ids=wrong))
    with pytest.raises(DoesNotExist, match="e" * 32):
        gate.perform(GetOrigins(run_ids=[a_run(gate), "e" * 32]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"run_id": ""},
        {"run_id": "no id!"},
        {"command": ["x"] * 1_001},
        {"packages": ["x" * 2_001]},
        {"patch": "x" * (MAX_PATCH + 1)},
        {"folder": "a\0b"},
        {"cores": "many"},
        {"parent": "x"},
    ],
)
def test_wrong_origins_are_refused(gate: Gate, wrong: dict[str, object]) -> None:
    """Each with what is wrong."""
    with pytest.raises(InvalidParameter):
        gate.perform(NoteOrigin.from_wire({"run_id": "a" * 32, **wrong}))


def test_equal_texts_are_stored_once_and_go_with_their_last_run(
    gate: Gate, new_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand runs of one environment have one list of packages."""
    runs = [a_run(gate) for _ in range(3)]
    for run_id in runs:
        gate.perform(NoteOrigin(run_id=run_id, **TOLD, patch="" if run_id == runs[0] else "--- a\n"))
    assert asked(gate, runs[0]).environment == asked(gate, runs[1]).environment
    assert texts(gate) == 4

    monkeypatch.setattr(operations, "UNUSED_MS", 0)
    for run_id in runs[1:]:
        gate.perform(DeleteRun(run_id=run_id))
    with open_remover(new_store) as remover:
        remover.claim_runs(runs[1:])
        remover.remove_runs(runs[1:])
        assert [0, 4] == [remover.remove_unused_texts(), texts(gate)]
        late = a_run(gate)  # a run comes to it before it goes
        gate.perform(NoteOrigin(run_id=late, patch="--- a\n"))
        wait_for_the_clock()
        assert [0, 4] == [remover.remove_unused_texts(), texts(gate)]
    assert asked(gate, late).patch == "--- a\n"
    assert asked(gate, runs[0]).packages == TOLD["packages"]


def test_a_text_that_no_run_has_any_more_goes(gate: Gate, new_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some time after that was seen."""
    monkeypatch.setattr(operations, "UNUSED_MS", 0)
    run_id = a_run(gate)
    gate.perform(NoteOrigin(run_id=run_id, **TOLD))
    gate.perform(DeleteRun(run_id=run_id))
    with open_remover(new_store) as remover:
        remover.claim_runs([run_id])
        remover.remove_runs([run_id])
        first = remover.remove_unused_texts()
        wait_for_the_clock()
        assert [0, 2, 0] == [first, remover.remove_unused_texts(), texts(gate)]
