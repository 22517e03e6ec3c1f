"""What refers to a run goes with it, also where SQLite's foreign keys are left out."""

from typing import Any

import pytest
import sqlalchemy as sa

from runyard.db.jobs import Unfinished
from runyard.db.metadata import metadata
from runyard.db.transaction import Transaction
from runyard.gate.gate import Gate
from runyard.tracking.inputs.entities import Dataset, DatasetInput, InputTag, LoggedModelInput, LoggedModelOutput
from runyard.tracking.inputs.messages import LogInputs
from runyard.tracking.logged_models.messages import CreateLoggedModel, LogOutputs
from runyard.tracking.metrics.blocks import BLOCK
from runyard.tracking.metrics.messages import LogMetric
from runyard.tracking.origins.messages import NoteOrigin
from runyard.tracking.removal import remover
from runyard.tracking.runs.messages import DeleteRun, LogBatch, LogParam
from runyard.tracking.runs.tables import runs
from tests.factories import a_point, a_run
from tests.support.removal import open_remover

DATASET = DatasetInput(dataset=Dataset("spam", "1", "local", "{}"), tags=[InputTag(key="context", value="train")])
NOTES = "CREATE TABLE later_notes (id INTEGER PRIMARY KEY, run_id INTEGER REFERENCES runs (id) ON DELETE CASCADE)"


def full_run(gate: Gate, model_id: str) -> str:
    """A run with rows in all tables that refer to runs."""
    run_id = a_run(gate, "0", {"colour": "red"})
    gate.perform(LogParam(run_id=run_id, key="rate", value="0.1"))
    for first in range(0, 2 * BLOCK, BLOCK // 2):
        steps = range(first, first + BLOCK // 2)
        gate.perform(LogBatch(run_id=run_id, metrics=[a_point(step=step) for step in steps]))
    gate.perform(LogMetric(run_id=run_id, key="auc", value=0.9, timestamp=1, model_id=model_id))
    gate.perform(LogInputs(run_id=run_id, datasets=[DATASET], models=[LoggedModelInput(model_id=model_id)]))
    gate.perform(LogOutputs(run_id=run_id, models=[LoggedModelOutput(model_id=model_id)]))
    gate.perform(NoteOrigin(run_id=run_id, command=["python", "train.py"]))
    return run_id


def counts(gate: Gate) -> dict[str, int]:
    """The number of rows of each table."""

    def count(tx: Transaction) -> dict[str, int]:
        tables = metadata.tables.items()
        return {name: tx.scalar(sa.select(sa.func.count()).select_from(table)) for name, table in tables}

    return gate.inspect(count)


def _remove(uri: str, run_id: str) -> None:
    with open_remover(uri) as opened:
        opened.claim_runs([run_id])
        opened.remove_runs([run_id])


def test_all_that_refers_to_a_run_goes_with_it(gate: Gate, new_store: str) -> None:
    """And nothing of another one."""
    answer = gate.perform(CreateLoggedModel(experiment_id="0", source_run_id=a_run(gate, "0")))
    model_id = answer["model"]["info"]["model_id"]
    full_run(gate, model_id)
    before = counts(gate)
    run_id = full_run(gate, model_id)
    both = counts(gate)
    gate.perform(DeleteRun(run_id=run_id))

    _remove(new_store, run_id)

    assert before == counts(gate)
    grown = {name for name, number in both.items() if number > before[name]}
    referring = {key.parent.table.name for key in _keys_to(runs)}
    assert referring == grown & referring


def _keys_to(table: sa.Table) -> list[sa.ForeignKey]:
    keys = [key for each in metadata.sorted_tables for key in each.foreign_keys if key.column.table is table]
    return keys + [below for key in keys for below in _keys_to(key.parent.table)]


@pytest.mark.parametrize("cluster", [None], ids=["sqlite"])
@pytest.mark.parametrize("seen", ["at once", "between two transactions"])
def test_tables_of_a_later_version_are_emptied_too(
    gate: Gate, new_store: str, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite gives the number of a run that was the last one to the next one, which would get its rows."""
    run_id = a_run(gate)
    gate.perform(DeleteRun(run_id=run_id))

    def upgrade(tx: Transaction) -> None:
        tx.execute(sa.text(NOTES))
        tx.execute(sa.text("INSERT INTO later_notes (run_id) SELECT id FROM runs"))

    if seen == "at once":
        gate.administer(upgrade)
    else:
        first = remover.remove_rows

        def upgraded_then(*given: Any) -> Unfinished:
            left = first(*given)
            upgrade(given[0])
            return left

        monkeypatch.setattr(remover, "remove_rows", upgraded_then)
    _remove(new_store, run_id)

    assert 0 == gate.inspect(lambda tx: tx.scalar(sa.text("SELECT count(*) FROM later_notes")))


@pytest.mark.parametrize("cluster", [None], ids=["sqlite"])
def test_foreign_keys_hold_again_behind_work_without_them(gate: Gate) -> None:
    """Whether it was done or failed; the same connection performs what follows."""

    def held(tx: Transaction) -> Any:
        return tx.scalar(sa.text("PRAGMA foreign_keys"))

    def fail(tx: Transaction) -> None:
        raise ValueError(held(tx))

    assert 0 == gate.administer(lambda _: Unfinished(held, cascades=False))
    assert 1 == gate.administer(held)
    with pytest.raises(ValueError, match="0"):
        gate.administer(lambda _: Unfinished(fail, cascades=False))
    assert 1 == gate.administer(held)
