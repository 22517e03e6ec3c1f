"""A run whose program has gone silent, on its page and in the table."""

import sqlalchemy as sa

from runyard.core.tags import PARENT_TAG
from runyard.gate.gate import Gate
from runyard.registry.global_search.messages import SearchEverything
from runyard.tracking.origins.messages import Beat
from runyard.tracking.origins.silence import LOST_AFTER_MS
from runyard.tracking.origins.tables import run_origins
from runyard.tracking.runs.messages import SetTag
from tests.factories import a_run, an_experiment, shown_run
from tests.ui.asking import Reader


def test_a_lost_run_is_shown_and_can_be_marked_as_failed(gate: Gate, reader: Reader) -> None:
    """It ends at its last sign of life; one that goes on is left as it is."""
    home = an_experiment(gate)
    run_id = a_run(gate, home)
    gate.perform(Beat(run_ids=[run_id]))
    assert "Lost" not in reader.get(f"/runs/{run_id}").words
    reader.send(f"/ui/runs/{run_id}/fail")
    assert shown_run(gate, run_id)["info"]["status"] == "RUNNING"

    earlier = run_origins.c.beat_time - LOST_AFTER_MS - 1000
    gate.administer(lambda tx: tx.execute(sa.update(run_origins).values(beat_time=earlier)).rowcount)
    since = shown_run(gate, run_id)["info"]["lost_since"]
    assert "Running Lost since" in reader.get(f"/runs/{run_id}").words
    assert "Running, lost" in reader.get(f"/experiments/{home}").words
    assert "Running, lost" in reader.get(f"/experiments/{home}?filter=lost+%3D+true").words
    assert "Running, lost" in reader.get(f"/compare?runs={run_id},{a_run(gate, home)}").words
    assert "Running lost" in reader.get(f"/search?q={run_id}").words
    assert since == gate.ask(SearchEverything(text=run_id)).matches[0].lost_since
    a_run(gate, home, tags={PARENT_TAG: (above := a_run(gate, home))}, run_name="below")
    gate.perform(SetTag(run_id=run_id, key=PARENT_TAG, value=above))
    assert "Lost" in reader.get(f"/runs/{above}").text.split('id="steps"')[1].split("</section>")[0]
    reader.send(f"/ui/runs/{run_id}/fail")

    info = shown_run(gate, run_id)["info"]
    assert (info["status"], info["end_time"], info.get("lost_since")) == ("FAILED", since, None)
    assert "Mark as failed" not in reader.get(f"/runs/{run_id}").words
